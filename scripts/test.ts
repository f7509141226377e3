import { findOrInstall } from "./tools.ts";
import { runTests, testFiles } from "./run-tests.ts";

findOrInstall({ skopeo: "skopeo", "docker-registry": "docker-registry", openssl: "openssl" });
const status = runTests(process.argv.length > 2 ? process.argv.slice(2) : testFiles("local"));
console.log(
  `SKIPPED: ${testFiles("cluster").length} files that need a Kubernetes cluster; run them with \`npm run test:cluster\``,
);
process.exitCode = status;
