import assert from "node:assert/strict";
import { test } from "node:test";
import { programName } from "./io.ts";

for (const [script, env, expected] of [
  ["/usr/local/bin/executor-registry", {}, "executor-registry"],
  ["/home/ada/registry/packages/cli/bin/executor-registry.js", {}, "executor-registry"],
  ["/home/jane/.krew/bin/kubectl-executors", {}, "kubectl executors"],
  ["/x/kubectl_complete-executors", {}, "kubectl executors"],
  [
    "/home/ada/registry/packages/cli/src/main.ts",
    { npm_command: "run", npm_lifecycle_event: "cli" },
    "npm run -s cli --",
  ],
  ["/home/ada/registry/packages/cli/src/main.ts", { npm_lifecycle_event: "dev" }, "npm run -s dev --"],
  ["/home/ada/registry/packages/cli/src/main.ts", {}, "npm run -s cli --"],
  ["/home/ada/registry/node_modules/.bin/executor-registry", { npm_command: "exec" }, "npx executor-registry"],
  [undefined, {}, "executor-registry"],
] as const) {
  test(`hints name the command as it was typed: ${script} ${JSON.stringify(env)}`, () => {
    assert.equal(programName(script, env), expected);
  });
}
