import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import { eventually, minorVersion, noCluster, type TestNamespace, testNamespace } from "../../../testing/cluster.ts";
import { RequestConflictError } from "./tools/errors.ts";
import { jobFor } from "./job/job.ts";
import { submit } from "./submit.ts";
import { resolution } from "../../../testing/resolution.ts";

describe("submitting to a cluster", { skip: noCluster }, () => {
  let space: TestNamespace;
  before(async () => {
    space = await testNamespace("submit");
  });
  after(() => space[Symbol.asyncDispose]());

  test("one request is one Job, from however many places it comes", async () => {
    const job = jobFor(resolution(), { id: "same" });
    const all = await Promise.all(Array.from({ length: 8 }, () => submit(space.api, job)));
    assert.equal(all.filter(({ created }) => created).length, 1);
    assert.equal(new Set(all.map(({ uid }) => uid)).size, 1);
    assert.equal(
      (await submit(space.api, jobFor(resolution({ image: "x:2", version: "2" }), { id: "same" }))).uid,
      all[0]?.uid,
    );
    assert.notEqual((await submit(space.api, jobFor(resolution(), { id: "other" }))).uid, all[0]?.uid);
  });

  test("a Job of the name that belongs to another request is a conflict", async () => {
    const job = jobFor(resolution(), { id: "mine" });
    const annotations = { ...job.metadata.annotations, "executor-registry.dev/request-id": "theirs" };
    await submit(space.api, { ...job, metadata: { ...job.metadata, annotations } });
    await assert.rejects(
      submit(space.api, job),
      (error) => error instanceof RequestConflictError && error.code === "conflict" && error.job === job.metadata.name,
    );
  });

  test("a finished Job goes when its time has passed, from Kubernetes 1.21 on", async (t) => {
    if ((await minorVersion(space.api)) < 21) return t.skip("this API server has no TTLAfterFinished");
    const { name } = await submit(space.api, jobFor(resolution(), { id: "ttl", ttlSecondsAfterFinished: 1 }));
    const path = `/apis/batch/v1/namespaces/${space.name}/jobs/${name}` as const;
    // It ends at once, without a pod.
    await space.api.request(path, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { spec: { activeDeadlineSeconds: 1 } },
    });
    await eventually("the Job's end and deletion", 90_000, () =>
      space.api.request(path).then(
        () => undefined,
        (error: unknown) => (error instanceof KubernetesError && error.code === "not-found" ? true : undefined),
      ),
    );
  });
});
