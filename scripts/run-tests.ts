import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const FOLDERS = ["packages/*/src", "deploy", "examples", "scripts", "testing"];

/** `slow`: local tests that take more than half a minute. `cluster`: tests that need a Kubernetes cluster. */
export type Tier = "fast" | "slow" | "cluster";

const tierOf = (file: string): Tier =>
  file.endsWith(".cluster.test.ts") ? "cluster" : file.endsWith(".slow.test.ts") ? "slow" : "fast";

/** Milliseconds that one test may take, so that a test that hangs fails. */
const LIMIT_MS: Readonly<Record<Tier, number>> = { fast: 120_000, slow: 600_000, cluster: 300_000 };
/** Milliseconds for all: a file whose process does not end would wait without end. */
const TOTAL_LIMIT_MS = 1_200_000;

/** The test files of a tier. */
export function testFiles(tier: Tier): string[] {
  return FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.test.ts`))
    .filter((file) => !file.includes("node_modules") && tierOf(file) === tier)
    .sort();
}

/** Runs them with Node's own runner, from source; the exit code is the runner's. */
export function runTests(tier: Tier, files: readonly string[], ...options: string[]): number {
  const args = [
    "--conditions=executor-registry-source",
    "--disable-warning=ExperimentalWarning",
    `--test-timeout=${LIMIT_MS[tier]}`,
    ...options,
    "--test",
    ...files,
  ];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: "inherit", timeout: TOTAL_LIMIT_MS });
  if (signal !== null) console.error(`the tests were ended by ${signal}: they took more than ${TOTAL_LIMIT_MS} ms`);
  return status ?? 1;
}
