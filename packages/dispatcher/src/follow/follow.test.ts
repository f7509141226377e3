import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ContactLostError } from "../tools/errors.ts";
import type { Pod } from "../tools/kubernetes.ts";
import { kubernetesError } from "../../../../testing/fake-api.ts";
import { FakeCluster as Cluster } from "../../../../testing/fake-job-cluster.ts";
import { at, jobObject, podObject, terminated, withOthers } from "../testing/objects.ts";

const creating = podObject({ waiting: { reason: "ContainerCreating" } });

describe("following", () => {
  test("what may not be watched is an error, not an endless wait", async () => {
    const cluster = new Cluster(jobObject());
    cluster.failure = kubernetesError("forbidden", { status: 403 });
    await assert.rejects(cluster.follow(), cluster.failure);
  });

  test("a server out of reach is waited for", async () => {
    const cluster = new Cluster(jobObject({ type: "Complete" }), [podObject(terminated(0))]);
    cluster.failure = kubernetesError("unreachable");
    const result = cluster.follow();
    await cluster.elapse(1);
    await cluster.elapse(600);
    cluster.failure = undefined;
    await cluster.elapse(60);
    assert.equal((await result).status, "succeeded");
  });

  test("a Job that does not start in time is deleted, it and no other", async () => {
    const cluster = new Cluster(jobObject(), [creating]);
    const result = cluster.follow();
    await cluster.elapse(1);
    await cluster.elapse(120);
    const { status, reason, message } = await result;
    assert.deepEqual([status, reason], ["failed", "NotStarted"]);
    assert.match(message, /did not start in time; the Job is deleted/);
    assert.deepEqual(cluster.deleted, [{ propagationPolicy: "Background", preconditions: { uid: "job-1" } }]);
  });

  test("a suspended Job may take its time", async () => {
    const cluster = new Cluster(jobObject(undefined, { suspend: true }));
    const result = cluster.follow();
    await cluster.elapse(1);
    await cluster.elapse(3600);
    assert.deepEqual(cluster.deleted, []);
    cluster.job = jobObject({ type: "Complete" });
    cluster.pods = [podObject(terminated(0))];
    await cluster.elapse(60);
    assert.equal((await result).status, "succeeded");
  });

  test("a Job gone after its executor ended has the executor's end", async () => {
    const cluster = new Cluster(jobObject(), [podObject(terminated(3))]);
    const statuses: string[] = [];
    const result = cluster.follow({ onStatus: (message) => statuses.push(message) });
    await cluster.elapse(1);
    cluster.job = undefined;
    await cluster.elapse(60);
    const { status, exitCode } = await result;
    assert.deepEqual([status, exitCode], ["failed", 3]);
    assert.deepEqual(statuses, ["ending on node-1"]);
  });

  test("an executor killed by its Job's deletion did not fail by itself", async () => {
    const { metadata, ...rest } = jobObject();
    const cluster = new Cluster({ ...rest, metadata: { ...metadata, deletionTimestamp: metadata.creationTimestamp } }, [
      podObject(terminated(143)),
    ]);
    const result = cluster.follow();
    await cluster.elapse(1);
    cluster.job = undefined;
    await cluster.elapse(40);
    assert.equal((await result).reason, "JobDeleted");
  });

  test("another Job of the name is not this one", async () => {
    const cluster = new Cluster(jobObject(), [creating]);
    const result = cluster.follow();
    await cluster.elapse(1);
    const other = jobObject({ type: "Complete" });
    cluster.job = { ...other, metadata: { ...other.metadata, uid: "job-2" } };
    await cluster.elapse(40);
    assert.equal((await result).reason, "JobDeleted");
  });

  test("an end whose pod was never seen has no complete log", async () => {
    const cluster = new Cluster(jobObject({ type: "Complete" }));
    const result = cluster.follow({ onLog: () => {} });
    await cluster.elapse(5);
    const { status, logsComplete } = await result;
    assert.deepEqual([status, logsComplete], ["succeeded", false]);
  });

  test("an end that comes while the pods are out of sight waits for the exit code", async () => {
    const cluster = new Cluster(jobObject(), [podObject({ running: {} })]);
    const result = cluster.follow();
    await cluster.elapse(1);
    cluster.podsFailure = kubernetesError("unreachable");
    await cluster.elapse(5);
    cluster.job = jobObject({ type: "Failed" });
    await cluster.elapse(40);
    cluster.podsFailure = undefined;
    cluster.pods = [podObject(terminated(5))];
    await cluster.elapse(40);
    const { status, exitCode } = await result;
    assert.deepEqual([status, exitCode], ["failed", 5]);
  });

  test("cancelled, but not deleted: says that it may still run", async () => {
    const cluster = new Cluster(jobObject(), [podObject({ running: {} })]);
    cluster.deleteFailure = kubernetesError("forbidden", { status: 403 });
    const stop = new AbortController();
    const result = cluster.follow({ signal: stop.signal });
    await cluster.elapse(1);
    stop.abort();
    await cluster.elapse(60);
    const { status, message } = await result;
    assert.equal(status, "cancelled");
    assert.match(message, /could not be deleted and may still run/);
  });
});

describe("dev-03: a pod whose other containers never end", () => {
  const withProxy = (exitCode: number, changes: Partial<Pod["metadata"]> = {}): Pod =>
    withOthers(podObject(terminated(exitCode), {}, changes), "proxy");
  const noRetry = jobObject(undefined, { backoffLimit: 0 });

  for (const [exitCode, status] of [
    [0, "succeeded"],
    [7, "failed"],
  ] as const) {
    test(`the executor's exit code ${exitCode} counts after the grace time, and the Job is deleted`, async () => {
      const cluster = new Cluster(noRetry, [withProxy(exitCode)]);
      const statuses: string[] = [];
      const result = cluster.follow({ onStatus: (message) => statuses.push(message) });
      await cluster.elapse(9);
      assert.deepEqual(cluster.deleted, [], "not before");
      await cluster.elapse(3);
      const { message, ...rest } = await result;
      assert.deepEqual([rest.status, rest.exitCode, rest.leftRunning], [status, exitCode, ["proxy"]]);
      assert.match(message, /container proxy of its pod had not ended 10 s later; the Job is deleted$/);
      assert.equal(cluster.deleted.length, 1);
      assert.deepEqual(statuses, ["ending on node-1: the executor ended, container proxy not yet"]);
    });
  }

  test("a container that ends in time is left alone", async () => {
    const cluster = new Cluster(noRetry, [withProxy(0)]);
    const result = cluster.follow({ endTimeout: 60_000 });
    await cluster.elapse(20);
    cluster.job = { ...noRetry, ...jobObject({ type: "Complete" }) };
    await cluster.elapse(40);
    const { status, leftRunning } = await result;
    assert.deepEqual([status, leftRunning, cluster.deleted], ["succeeded", undefined, []]);
  });

  test("without contact the grace time does not run", async () => {
    const cluster = new Cluster(noRetry, [withProxy(0)]);
    const result = cluster.follow();
    await cluster.elapse(5);
    cluster.failure = kubernetesError("unreachable");
    await cluster.elapse(120);
    assert.deepEqual(cluster.deleted, []);
    cluster.failure = undefined;
    await cluster.elapse(60);
    assert.equal((await result).status, "succeeded");
  });

  test("where backoffLimit allows another attempt, the pod is deleted and the Job runs again", async () => {
    const job = jobObject(undefined, { backoffLimit: 1 });
    const cluster = new Cluster(job, [withProxy(7)]);
    const statuses: string[] = [];
    const result = cluster.follow({ onStatus: (message) => statuses.push(message) });
    await cluster.elapse(12);
    assert.deepEqual(cluster.deletedPods, ["/api/v1/namespaces/here/pods/pod-1"]);
    cluster.pods = [withProxy(0, { name: "pod-2", creationTimestamp: at(40) })];
    await cluster.elapse(60);
    const { status, pod } = await result;
    assert.deepEqual([status, pod], ["succeeded", "pod-2"]);
    assert.ok(statuses.includes("pod pod-1 was deleted: the Job runs again, in pod pod-2"), statuses.join("\n"));
  });

  test("after the last attempt that backoffLimit allows, the failure is the result", async () => {
    const cluster = new Cluster(jobObject(undefined, { backoffLimit: 1 }), [
      withProxy(7, { deletionTimestamp: at(50), deletionGracePeriodSeconds: 30 }),
      withProxy(8, { name: "pod-2", creationTimestamp: at(40) }),
    ]);
    const result = cluster.follow();
    await cluster.elapse(15);
    const { status, exitCode } = await result;
    assert.deepEqual([status, exitCode, cluster.deletedPods], ["failed", 8, []]);
  });

  test("where pods may not be deleted, it says why it is not tried again", async () => {
    const cluster = new Cluster(jobObject(undefined, { backoffLimit: 1 }), [withProxy(7)]);
    cluster.podDeleteFailure = kubernetesError("forbidden", { status: 403 });
    const result = cluster.follow();
    await cluster.elapse(15);
    const { status, exitCode, message } = await result;
    assert.deepEqual([status, exitCode], ["failed", 7]);
    assert.match(message, /not tried again, since its pod could not be deleted/);
  });

  test("an executor that its pod's deletion ended with 0 has not finished, though the kubelet shortens the grace period", async () => {
    const deleting = { deletionTimestamp: at(38), deletionGracePeriodSeconds: 30 };
    const cluster = new Cluster(jobObject(undefined, { backoffLimit: 0 }), [podObject({ running: {} }, {}, deleting)]);
    const result = cluster.follow();
    await cluster.elapse(1);
    cluster.pods = [podObject(terminated(0), {}, { deletionTimestamp: at(11), deletionGracePeriodSeconds: 0 })];
    await cluster.elapse(40);
    cluster.job = jobObject({ type: "Failed", reason: "BackoffLimitExceeded" }, { backoffLimit: 0 });
    await cluster.elapse(40);
    const { status, reason } = await result;
    assert.deepEqual([status, reason], ["failed", "PodDeleted"]);
  });

  test("a Job that would run again after a success, because another container failed, is ended at once", async () => {
    const pod = podObject(terminated(0), { phase: "Failed" });
    const cluster = new Cluster(jobObject(undefined, { backoffLimit: 3 }), [pod]);
    const result = cluster.follow();
    await cluster.elapse(1);
    assert.equal((await result).status, "succeeded");
    assert.equal(cluster.deleted.length, 1);
  });

  test("a Job that never reports its end ends with its executor's, and is not deleted", async () => {
    const cluster = new Cluster(noRetry, [podObject(terminated(0))]);
    const result = cluster.follow();
    await cluster.elapse(120);
    assert.equal((await result).status, "succeeded");
    assert.deepEqual(cluster.deleted, []);
  });
});

describe("what is reported while following", () => {
  test("dev-04: one line while an image cannot be pulled, though the node's words alternate", async () => {
    const failing = podObject({ waiting: { reason: "ErrImagePull", message: "connection refused" } });
    const cluster = new Cluster(jobObject(), [failing]);
    const statuses: string[] = [];
    const result = cluster.follow({ onStatus: (message) => statuses.push(message) });
    await cluster.elapse(1);
    for (let round = 0; round < 2; round += 1) {
      cluster.pods = [podObject({ waiting: { reason: "ImagePullBackOff", message: `Back-off ${round}` } })];
      await cluster.elapse(20);
      cluster.pods = [failing];
      await cluster.elapse(20);
    }
    await cluster.elapse(60);
    assert.match((await result).reason, /^(ErrImagePull|ImagePullBackOff)$/);
    assert.equal(statuses.length, 1, statuses.join("\n"));
    assert.match(statuses[0] ?? "", /the image cannot be pulled.*connection refused/);
  });

  test("dev-04: a missing Secret is waited for, and the Job runs when it is there", async () => {
    const missing = podObject({
      waiting: { reason: "CreateContainerConfigError", message: 'secret "late" not found' },
    });
    const cluster = new Cluster(jobObject(), [missing]);
    const result = cluster.follow();
    await cluster.elapse(30);
    assert.deepEqual(cluster.deleted, []);
    cluster.job = jobObject({ type: "Complete" });
    cluster.pods = [podObject(terminated(0))];
    await cluster.elapse(40);
    assert.equal((await result).status, "succeeded");
  });

  test("a deleted pod that is replaced is said to run again", async () => {
    const cluster = new Cluster(jobObject(), [podObject({ running: {} })]);
    const statuses: string[] = [];
    const result = cluster.follow({ onStatus: (message) => statuses.push(message) });
    await cluster.elapse(1);
    cluster.pods = [podObject({ running: {} }, {}, { name: "pod-2", creationTimestamp: at(30) })];
    await cluster.elapse(40);
    cluster.job = jobObject({ type: "Complete" });
    cluster.pods = [podObject(terminated(0), {}, { name: "pod-2", creationTimestamp: at(30) })];
    await cluster.elapse(40);
    assert.equal((await result).status, "succeeded");
    assert.deepEqual(statuses.slice(0, 3), [
      "running on node-1",
      "pod pod-1 was deleted: the Job runs again, in pod pod-2",
      "running on node-1",
    ]);
  });
});

describe("contact that does not come back", () => {
  test("ends the following after contactTimeout, and says that the Job may still run", async () => {
    const cluster = new Cluster(jobObject(), [podObject({ running: {} })]);
    cluster.failure = kubernetesError("unreachable");
    const outcome = assert.rejects(cluster.follow({ contactTimeout: 60_000 }), ContactLostError);
    await cluster.elapse(90);
    await outcome;
    assert.deepEqual(cluster.deleted, []);
  });

  test("counts from its loss, and not from the last change of the Job", async () => {
    const cluster = new Cluster(jobObject(), [podObject({ running: {} })]);
    const result = cluster.follow({ contactTimeout: 120_000 });
    await cluster.elapse(300);
    cluster.failure = kubernetesError("unreachable");
    await cluster.elapse(50);
    cluster.failure = undefined;
    cluster.job = jobObject({ type: "Complete" });
    cluster.pods = [podObject(terminated(0))];
    await cluster.elapse(60);
    assert.equal((await result).status, "succeeded");
  });
});
