import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { runTests, testFiles } from "./run-tests.ts";

/** Files in which it matters how old the server is: APIs that were replaced, fields it does not know, times it does not keep. */
const OLD_APIS = [
  "packages/dispatcher/src/dispatcher.cluster.test.ts",
  "packages/dispatcher/src/job/job.cluster.test.ts",
  "packages/dispatcher/src/submit.cluster.test.ts",
  "packages/resolver/src/kubernetes/declared-source.cluster.test.ts",
  "packages/resolver/src/resolver.cluster.test.ts",
];

/** How many files run at once. */
const AT_ONCE = 3;

const [first, ...more] = process.argv.slice(2);
const files = first === "--old-apis" ? OLD_APIS : first === undefined ? testFiles("cluster") : [first, ...more];
if (!process.env["KUBECONFIG"]) {
  console.log(
    `SKIPPED: all ${files.length} cluster test files: set KUBECONFIG to a cluster where you may create namespaces.`,
  );
} else {
  if (!process.env["CLUSTER_TOOL"]) {
    console.log(
      "SKIPPED: tests that load images into a node or restart it: no CLUSTER_TOOL given (see CONTRIBUTING.md)",
    );
  }
  if (files.some((file) => readFileSync(file, "utf8").includes("noOwnImages"))) {
    execFileSync(process.execPath, ["--conditions=executor-registry-source", "testing/cluster-images.ts"], {
      stdio: "inherit",
    });
    process.env["OWN_IMAGES"] = "loaded";
  }
  // Most of the time passes in waiting for the kubelet, so files share it; but no file survives that another stops the API server, or
  // drains the node.
  const stopping = files.filter((file) => /killProcess\(|"drain"/.test(readFileSync(file, "utf8")));
  const others = files.filter((file) => !stopping.includes(file));
  process.exitCode = Math.max(
    ...[others, stopping].map((group, index) =>
      group.length === 0 ? 0 : runTests("cluster", group, `--test-concurrency=${index === 0 ? AT_ONCE : 1}`),
    ),
  );
}
