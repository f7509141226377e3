import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Job } from "../tools/kubernetes.ts";
import { FakeCluster } from "../../../../testing/fake-job-cluster.ts";
import { at, jobObject, podObject, terminated } from "../testing/objects.ts";

const running = podObject({ running: { startedAt: at(5) } });
/** Deleted in the second in which its container ended. */
const killed = podObject(terminated(137), {}, { deletionTimestamp: at(39), deletionGracePeriodSeconds: 30 });
const noRetry = jobObject(undefined, { backoffLimit: 0 });
/** The deadline begins where the double's clock does. */
const withDeadline = (cluster: FakeCluster, seconds: number, status: Job["status"] = {}): Job => ({
  ...jobObject(undefined, { activeDeadlineSeconds: seconds, backoffLimit: 0 }),
  status: { startTime: new Date(cluster.clock.now()).toISOString(), ...status },
});

describe("a Job that nothing in the cluster sees to", () => {
  test("dev-03: a deadline that passed long ago ends it, though its executor runs on", async () => {
    const cluster = new FakeCluster(noRetry, [running]);
    cluster.job = withDeadline(cluster, 20);
    const result = cluster.follow({ onLog: () => {} });
    await cluster.elapse(90);
    assert.deepEqual(cluster.deleted, [], "the pod's grace period and the Job controller's work take their time");
    await cluster.elapse(100);
    const { status, reason, message, logsComplete } = await result;
    assert.deepEqual([status, reason, logsComplete], ["failed", "DeadlineExceeded", false]);
    assert.match(
      message,
      /^it ran longer than activeDeadlineSeconds; the cluster has not ended its Job 90 s later.*deleted$/,
    );
    assert.equal(cluster.deleted.length, 1);
  });

  test("an executor killed by a deadline of which the Job's condition never comes", async () => {
    const cluster = new FakeCluster(noRetry, [killed]);
    const conditions = [{ type: "FailureTarget", status: "True", reason: "DeadlineExceeded" }];
    cluster.job = withDeadline(cluster, 1, { conditions });
    const result = cluster.follow();
    await cluster.elapse(130);
    const { reason, exitCode } = await result;
    assert.deepEqual([reason, exitCode], ["DeadlineExceeded", 137]);
  });

  for (const [what, pod] of [
    ["its executor ended", killed],
    ["its node does not answer", { ...killed, status: running.status ?? {} }],
  ] as const) {
    test(`a pod that was deleted, is not replaced, and ${what}`, async () => {
      const cluster = new FakeCluster(noRetry, [pod]);
      const result = cluster.follow();
      await cluster.elapse(120);
      const { status, reason, message } = await result;
      assert.deepEqual([status, reason], ["failed", "PodDeleted"]);
      assert.match(message, /^its pod was deleted.*the cluster has not ended its Job 90 s later; the Job is deleted$/);
    });
  }

  test("a Job whose deletion never ends, after its executor was killed by it", async () => {
    const { metadata, ...rest } = noRetry;
    const deleted = { ...rest, metadata: { ...metadata, deletionTimestamp: at(9) } };
    const cluster = new FakeCluster(deleted, [podObject(terminated(137))]);
    const result = cluster.follow();
    await cluster.elapse(120);
    assert.equal((await result).reason, "JobDeleted");
    assert.deepEqual(cluster.deleted, []);
  });

  test("a suspended Job, whose pod was deleted, may take its time to be resumed", async () => {
    const cluster = new FakeCluster(jobObject(undefined, { suspend: true, backoffLimit: 0 }), [killed]);
    const result = cluster.follow();
    await cluster.elapse(3600);
    cluster.job = jobObject({ type: "Complete" });
    cluster.pods = [podObject(terminated(0), {}, { name: "pod-2", creationTimestamp: at(50) })];
    await cluster.elapse(60);
    assert.equal((await result).status, "succeeded");
  });

  test("the pause before another attempt, up to ten minutes, is waited for", async () => {
    const cluster = new FakeCluster(jobObject(undefined, { backoffLimit: 6 }), [podObject(terminated(3))]);
    const result = cluster.follow();
    await cluster.elapse(600);
    cluster.pods = [
      podObject(terminated(3)),
      podObject(terminated(0), {}, { name: "pod-2", creationTimestamp: at(50) }),
    ];
    cluster.job = jobObject({ type: "Complete" });
    await cluster.elapse(60);
    const { status, pod } = await result;
    assert.deepEqual([status, pod], ["succeeded", "pod-2"]);
  });

  test("another attempt that never comes is given up with the executor's exit code", async () => {
    const cluster = new FakeCluster(jobObject(undefined, { backoffLimit: 6 }), [podObject(terminated(3))]);
    const result = cluster.follow();
    await cluster.elapse(760);
    const { status, exitCode, message } = await result;
    assert.deepEqual([status, exitCode], ["failed", 3]);
    assert.match(message, /the cluster did not try again for 690 s; the Job is deleted$/);
  });

  test("a pod that outlives its Job and writes on does not keep the following", async () => {
    const cluster = new FakeCluster(noRetry, [running]);
    cluster.logs = async function* (signal) {
      for (let line = 0; line < 10_000; line += 1) {
        await cluster.clock.sleep(1000, signal);
        yield Buffer.from(`${new Date(cluster.clock.now()).toISOString()} line ${line}`);
      }
    };
    const result = cluster.follow({ onLog: () => {} });
    await cluster.elapse(10);
    cluster.job = undefined;
    await cluster.elapse(80);
    const { reason, logsComplete, logsDoubt } = await result;
    assert.deepEqual([reason, logsComplete], ["JobDeleted", false]);
    assert.match(logsDoubt ?? "", /its end did not come/);
  });
});
