import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runTests, testFiles } from "./run-tests.ts";
import { install, installCommand, missing, type Packages } from "./tools.ts";

// Usage: npm test -- [--install] [--slow] [FILE…]
// --install brings missing servers first (Debian, as root). --slow runs the tests of the slow tier instead.

/** What some tests use, and Debian's packages of them. */
const USED: Packages = {
  "docker-registry": "docker-registry",
  skopeo: "skopeo",
  umoci: "umoci",
  openssl: "openssl",
  curl: "curl",
  "redis-server": "redis-server",
  postgres: "postgresql",
  pgbouncer: "pgbouncer",
  promtool: "prometheus",
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { install: { type: "boolean", default: false }, slow: { type: "boolean", default: false } },
});

if (values.install) install(USED);
const tier = values.slow ? "slow" : "fast";
const files = positionals.length > 0 ? positionals : testFiles(tier);
// Much of the time passes in waiting for servers, so a processor is not left free for this process, as Node's runner would do.
const status = runTests(tier, files, `--test-concurrency=${Math.max(2, availableParallelism())}`);
for (const command of missing(USED)) console.log(`SKIPPED: tests that use ${command}, which is not on the PATH`);
if (missing(USED).length > 0) {
  console.log(`To run them too: npm test -- --install, as root on Debian, which runs ${installCommand(USED)}`);
}
if (tier === "fast") {
  console.log(`SKIPPED: ${testFiles("slow").length} slow test files; run them with \`npm test -- --slow\``);
  console.log(
    `SKIPPED: ${testFiles("cluster").length} test files for Kubernetes; run them with \`npm run test:cluster\``,
  );
}
process.exitCode = status;
