import { runTests, testFiles } from "./run-tests.ts";

/** Files in which it matters how old the server is: APIs that were replaced, fields it does not know, times it does not keep. */
const OLD_APIS = [
  "packages/dispatcher/src/dispatcher.cluster.test.ts",
  "packages/dispatcher/src/job/job.cluster.test.ts",
  "packages/dispatcher/src/submit.cluster.test.ts",
  "packages/resolver/src/kubernetes/declared/source.cluster.test.ts",
  "packages/resolver/src/resolver.cluster.test.ts",
];

const [first, ...others] = process.argv.slice(2);
const files = first === "--old-apis" ? OLD_APIS : first === undefined ? testFiles("cluster") : [first, ...others];
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
  // One file at a time: some of them restart the API server or the kubelet.
  process.exitCode = runTests("cluster", files, "--test-concurrency=1");
}
