import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, noNode } from "../../../testing/cluster.ts";
import { JobNotFoundError } from "./tools/errors.ts";
import { jobFor } from "./job/job.ts";
import { submit } from "./submit.ts";
import { type Executors, testExecutors } from "../../../testing/executors.ts";
import { resolution } from "../../../testing/resolution.ts";
import { follow } from "./follow/follow.ts";

describe("following a Job on a cluster", { skip: noNode, concurrency: 3 }, () => {
  let space: Executors;
  before(async () => {
    space = await testExecutors("follow");
  });
  after(() => space[Symbol.asyncDispose]());

  const jobsLeft = async (name: string): Promise<number> => {
    const path = `/apis/batch/v1/namespaces/${space.name}/jobs` as const;
    const list = await space.api.request(path, { query: { fieldSelector: `metadata.name=${name}` } });
    return (list as { readonly items: readonly unknown[] }).items.length;
  };

  test("success: every line in order, statuses, durations", async (t) => {
    const lines: string[] = [];
    const statuses: string[] = [];
    const job = await space.start(
      "i=1; while [ $i -le 5000 ]; do echo line $i; i=$((i+1)); done; sleep 1; echo '  last ä '",
      {
        env: { A: "1" },
      },
    );
    const result = await follow(space.api, job, {
      onLog: (line) => lines.push(line),
      onStatus: (status) => statuses.push(status),
    });
    t.diagnostic(JSON.stringify({ result, statuses }));
    assert.deepEqual(lines, [...Array.from({ length: 5000 }, (_, index) => `line ${index + 1}`), "  last ä "]);
    assert.equal(result.status, "succeeded");
    assert.equal(result.exitCode, 0);
    assert.equal(result.reason, "Completed");
    assert.equal(result.node, "node-1");
    assert.equal(result.logsComplete, true);
    const { queuedMs = -1, startingMs = -1, runningMs = -1, totalMs = -1 } = result.durations;
    assert.ok(queuedMs >= 0 && startingMs >= 0 && runningMs >= 1000);
    assert.equal(totalMs, queuedMs + startingMs + runningMs);
    assert.ok(statuses.includes("running on node-1"));
  });

  test("failure: the exit code", async () => {
    const lines: string[] = [];
    const result = await follow(space.api, await space.start("echo failing >&2; exit 7"), {
      onLog: (line) => lines.push(line),
    });
    assert.deepEqual([result.status, result.exitCode, result.reason], ["failed", 7, "Error"]);
    assert.match(result.message, /exit code 7/);
    assert.deepEqual(lines, ["failing"]);
  });

  test("too much memory: OOMKilled", async (t) => {
    const job = await space.start("a=0123456789; while true; do a=$a$a; done", {
      resources: { limits: { memory: "16Mi" } },
    });
    const result = await follow(space.api, job);
    t.diagnostic(JSON.stringify(result));
    assert.deepEqual([result.status, result.exitCode, result.reason], ["failed", 137, "OOMKilled"]);
    assert.match(result.message, /resources\.limits\.memory/);
  });

  test("too long: DeadlineExceeded", async () => {
    const result = await follow(
      space.api,
      await space.start("sleep 60", {
        activeDeadlineSeconds: 2,
        template: { spec: { terminationGracePeriodSeconds: 1 } },
      }),
    );
    assert.deepEqual([result.status, result.reason], ["failed", "DeadlineExceeded"]);
  });

  test("dev-04: an image that is not on the node is waited for, then the Job is given up and deleted", async () => {
    const manifest = jobFor(resolution({ image: "docker.io/library/executor-disp:missing" }), { id: "missing" });
    const job = await submit(space.api, manifest);
    const result = await follow(space.api, job, { onLog: () => {}, startTimeout: 4000 });
    assert.deepEqual([result.status, result.reason], ["failed", "ErrImageNeverPull"]);
    assert.match(result.message, /not on the node.*the Job is deleted/);
    assert.equal(await jobsLeft(job.name), 0);
  });

  test("an image that cannot be pulled, and a pod no node can take: given up after startTimeout", async () => {
    const unpullable = jobFor(resolution({ image: "localhost:1/executor-disp:1", pullPolicy: "IfNotPresent" }), {
      id: "pull",
    });
    const unschedulable = jobFor(resolution({ nodes: ["node-gone"] }), { id: "node" });
    const [pull, node] = await Promise.all(
      [unpullable, unschedulable].map(async (manifest) =>
        follow(space.api, await submit(space.api, manifest), { startTimeout: 10_000 }),
      ),
    );
    assert.equal(pull?.status, "failed");
    assert.match(pull?.reason ?? "", /^(ErrImagePull|ImagePullBackOff)$/);
    assert.match(pull?.message ?? "", /cannot be pulled/);
    assert.deepEqual([node?.status, node?.reason], ["failed", "Unschedulable"]);
    assert.match(node?.message ?? "", /no node can take the pod/);
  });

  test("a pod that is never made: says why", async () => {
    const job = await space.start("true", { serviceAccountName: "missing" });
    const result = await follow(space.api, job, { startTimeout: 3000 });
    assert.deepEqual([result.status, result.reason], ["failed", "NoPod"]);
    assert.match(result.message, /service ?account "missing" not found/i);
  });

  test("cancelled: the Job is deleted, nothing is thrown", async () => {
    const stop = new AbortController();
    const job = await space.start("echo begun; sleep 60");
    const result = await follow(space.api, job, { signal: stop.signal, onLog: () => stop.abort() });
    assert.deepEqual([result.status, result.reason], ["cancelled", "Cancelled"]);
    assert.equal(await jobsLeft(job.name), 0);
  });

  test("deleted by somebody else: JobDeleted", async () => {
    const job = await space.start("sleep 60");
    const path = `/apis/batch/v1/namespaces/${space.name}/jobs/${job.name}` as const;
    const result = await follow(space.api, job, {
      onStatus: (_, { phase }) => {
        if (phase === "running")
          void space.api.request(path, { method: "DELETE", query: { propagationPolicy: "Background" } });
      },
    });
    assert.deepEqual([result.status, result.reason], ["failed", "JobDeleted"]);
  });

  test("several attempts: the logs one after the other, the last one's end", async () => {
    const lines: string[] = [];
    const job = await space.start('echo "run"; exit 3', { backoffLimit: 1 });
    const result = await follow(space.api, job, { onLog: (line) => lines.push(line) });
    assert.deepEqual([result.status, result.exitCode], ["failed", 3]);
    assert.deepEqual(lines, ["run", "run"]);
  });

  test("a Job that ended before it was followed, and one that is not there", async () => {
    const job = await space.start("echo over");
    await eventually("the end", 30_000, async () => {
      const path = `/apis/batch/v1/namespaces/${space.name}/jobs/${job.name}` as const;
      const { status } = (await space.api.request(path)) as { readonly status: { readonly succeeded?: number } };
      return status.succeeded;
    });
    const lines: string[] = [];
    const result = await follow(space.api, job, { onLog: (line) => lines.push(line) });
    assert.equal(result.status, "succeeded");
    assert.deepEqual(lines, ["over"]);
    await assert.rejects(follow(space.api, { namespace: space.name, name: "missing" }), JobNotFoundError);
  });

  test("what onLog throws ends the following", async () => {
    const job = await space.start("echo begun; sleep 60");
    const broken = new Error("the reader is gone");
    await assert.rejects(
      follow(space.api, job, {
        onLog: () => {
          throw broken;
        },
      }),
      broken,
    );
  });
});
