import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { type ManualClock, manualClock } from "../../../../testing/manual-clock.ts";
import type { Job, Pod } from "../kubernetes.ts";
import { fakeApi, kubernetesError } from "../testing/fake-api.ts";
import { jobObject, podObject, terminated } from "../testing/objects.ts";
import { follow } from "./follow.ts";

/** A cluster of one Job whose state a test sets; its watches break off until they are told to stand. */
class Cluster {
  readonly clock: ManualClock = manualClock();
  readonly deleted: unknown[] = [];
  job: Job | undefined;
  pods: readonly Pod[] = [];
  failure: Error | undefined;
  podsFailure: Error | undefined;
  deleteFailure: Error | undefined;
  readonly api: KubernetesApi;

  constructor(job: Job | undefined, pods: readonly Pod[] = []) {
    this.job = job;
    this.pods = pods;
    this.api = fakeApi({
      request: (path, { method, body }) => {
        if (method === "DELETE") {
          if (this.deleteFailure) throw this.deleteFailure;
          return this.deleted.push(body);
        }
        if (path.endsWith("/events")) throw kubernetesError("forbidden", { status: 403 });
        if (this.failure) throw this.failure;
        if (this.podsFailure && path.endsWith("/pods")) throw this.podsFailure;
        const items = path.endsWith("/pods") ? this.pods : this.job ? [this.job] : [];
        return { metadata: { resourceVersion: "1" }, items };
      },
      // Each watch ends at once as expired, so what a test sets is listed at the next try.
      lines: async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from('{"type":"ERROR","object":{"code":410,"reason":"Expired"}}');
      },
    });
  }

  /** Lets seconds pass one by one, and what they cause happen. */
  async elapse(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await this.clock.advance(1000);
  }

  follow(options: Parameters<typeof follow>[2] = {}) {
    const job = { namespace: "here", name: "executor-disp-1" };
    return follow(this.api, job, { clock: this.clock, random: () => 1, startTimeout: 60_000, ...options });
  }
}

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

  test("an end whose pod nobody saw has no complete log", async () => {
    const cluster = new Cluster(jobObject({ type: "Complete" }));
    const result = cluster.follow({ onLog: () => {} });
    await cluster.elapse(5);
    const { status, logsComplete } = await result;
    assert.deepEqual([status, logsComplete], ["succeeded", false]);
  });

  test("an end told while the pods are out of sight waits for the exit code", async () => {
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
