import assert from "node:assert/strict";
import { test } from "node:test";
import { kubernetesServer } from "../../../../../testing/kubernetes-server.ts";
import { podStarts } from "./pods.ts";

const MANIFEST = `sha256:${"ab".repeat(32)}`;
const WRAPPER = `sha256:${"cd".repeat(32)}`;

/** The names under which a pod's start counts. */
async function names(asked: string, image: string, imageID: string): Promise<readonly string[]> {
  await using server = await kubernetesServer();
  const state = { running: { startedAt: "2026-11-23T12:00:00Z" } };
  server.put("pod", {
    spec: { containers: [{ name: "executor", image: asked }] },
    status: { containerStatuses: [{ name: "executor", image, imageID, state }] },
  });
  const api = server.api();
  const starts = await podStarts(api, "default", new AbortController().signal);
  api.close();
  assert.deepEqual(new Set(starts.values()), new Set([Date.UTC(2026, 10, 23, 12)]));
  return [...starts.keys()].sort();
}

test("a pulled image's start counts for the digest in its registry, too", async () => {
  const digested = `localhost:5001/executor-ml@${MANIFEST}`;
  assert.deepEqual(await names("localhost:5001/executor-ml:1", "localhost:5001/executor-ml:1", digested), [
    "localhost:5001/executor-ml:1",
    digested,
  ]);
});

test("the digest of a loaded image's import is nobody's name (Kubernetes 1.37 with containerd 2.4)", async () => {
  const imported = `docker.io/library/import-2026-11-25@${WRAPPER}`;
  const loaded = ["docker.io/library/executor-ml:1"];
  assert.deepEqual(await names("executor-ml:1", "docker.io/library/executor-ml:1", imported), loaded);
  // Also of one that was pulled, where the same content was loaded under another tag before.
  assert.deepEqual(await names("localhost:5001/executor-ml:2", "docker.io/library/executor-ml:1", imported), [
    ...loaded,
    "localhost:5001/executor-ml:2",
  ]);
});

test("Docker's bare image ID is no name", async () => {
  assert.deepEqual(await names("executor-ml:1", "executor-ml:1", MANIFEST), ["docker.io/library/executor-ml:1"]);
  assert.deepEqual(await names("executor-ml:1", "executor-ml:1", `docker-pullable://r.io/executor-ml@${MANIFEST}`), [
    "docker.io/library/executor-ml:1",
  ]);
});
