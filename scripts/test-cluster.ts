import { runTests, testFiles } from "./run-tests.ts";

const files = process.argv.length > 2 ? process.argv.slice(2) : testFiles("cluster");
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
