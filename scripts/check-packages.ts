import { spawnSync } from "node:child_process";

/** What each published package must pass: `publint` its manifest and files, `attw` its types as a consumer resolves them. */
const CHECKS: readonly (readonly string[])[] = [
  ["publint", "--strict", "packages/resolver"],
  ["publint", "--strict", "packages/dispatcher"],
  ["publint", "--strict", "packages/cli"],
  ["attw", "--pack", "packages/resolver", "--profile", "esm-only"],
  ["attw", "--pack", "packages/dispatcher", "--profile", "esm-only"],
];

for (const [command = "", ...args] of CHECKS) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
