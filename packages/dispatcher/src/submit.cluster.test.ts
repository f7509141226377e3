import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../../../testing/cluster.ts";
import { RequestConflictError } from "./errors.ts";
import { jobFor } from "./job/job.ts";
import { submit } from "./submit.ts";
import { resolution } from "./testing/resolution.ts";

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

  test("the API server keeps how long the Job is to stay, where it has that feature", async (t) => {
    const { name } = await submit(space.api, jobFor(resolution(), { id: "ttl", ttlSecondsAfterFinished: 5 }));
    const job = await space.api.request(`/apis/batch/v1/namespaces/${space.name}/jobs/${name}`);
    const { ttlSecondsAfterFinished: kept } = (job as { readonly spec: { readonly ttlSecondsAfterFinished?: number } })
      .spec;
    if (kept === undefined)
      return t.skip("this API server has no TTLAfterFinished (on by default since Kubernetes 1.21)");
    return assert.equal(kept, 5);
  });
});
