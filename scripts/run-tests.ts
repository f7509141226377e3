import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const FOLDERS = ["packages/*/src", "examples", "scripts", "testing"];
const CLUSTER = ".cluster.test.ts";

/** The test files: those that need a Kubernetes cluster, or the others. */
export function testFiles(kind: "cluster" | "local"): string[] {
  return FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.test.ts`))
    .filter((file) => !file.includes("node_modules") && file.endsWith(CLUSTER) === (kind === "cluster"))
    .sort();
}

/** Runs them with Node's own runner, from source; the exit code is the runner's. */
export function runTests(files: readonly string[], ...options: string[]): number {
  const args = [
    "--conditions=executor-registry-source",
    "--disable-warning=ExperimentalWarning",
    ...options,
    "--test",
    ...files,
  ];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}
