import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Job, Pod } from "../tools/kubernetes.ts";
import { at, jobObject, podObject, terminated } from "../testing/objects.ts";
import { endingOf, resultOf } from "./result.ts";

const complete = jobObject({ type: "Complete" });
const failed = jobObject({
  type: "Failed",
  reason: "BackoffLimitExceeded",
  message: "Job has reached the specified backoff limit",
});

interface Case {
  readonly name: string;
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly reason: string;
  readonly message: RegExp;
}

const CASES: readonly Case[] = [
  { name: "success", job: complete, pods: [podObject(terminated(0))], reason: "Completed", message: /finished/ },
  {
    name: "an exit code",
    job: failed,
    pods: [podObject(terminated(3))],
    reason: "Error",
    message: /failed \(exit code 3\)/,
  },
  {
    name: "a missing command",
    job: failed,
    pods: [podObject(terminated(127))],
    reason: "Error",
    message: /was not found/,
  },
  {
    name: "memory",
    job: failed,
    pods: [podObject(terminated(137, "OOMKilled"))],
    reason: "OOMKilled",
    message: /raise resources\.limits\.memory/,
  },
  {
    name: "a deadline, whatever the killed container says",
    job: jobObject({ type: "Failed", reason: "DeadlineExceeded", message: "active longer" }),
    pods: [podObject(terminated(137))],
    reason: "DeadlineExceeded",
    message: /activeDeadlineSeconds \(exit code 137: killed \(SIGKILL\); active longer\)/,
  },
  {
    name: "an eviction by the kubelet",
    job: failed,
    pods: [podObject(terminated(143), { reason: "Evicted", message: "The node was low on resource: memory." })],
    reason: "Evicted",
    message: /ran short of a resource.*low on resource: memory/,
  },
  {
    name: "a drained node",
    job: failed,
    pods: [
      podObject(terminated(143), {
        conditions: [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }],
      }),
    ],
    reason: "EvictionByEvictionAPI",
    message: /node is drained/,
  },
  {
    name: "an init container",
    job: failed,
    pods: [
      podObject(
        { waiting: { reason: "PodInitializing" } },
        { initContainerStatuses: [{ name: "fetch", state: terminated(2) }] },
      ),
    ],
    reason: "InitContainerFailed",
    message: /init container failed \(fetch: exit code 2\)/,
  },
  { name: "no pod left", job: failed, pods: [], reason: "BackoffLimitExceeded", message: /backoffLimit allows/ },
  {
    name: "a reason nobody knows yet",
    job: failed,
    pods: [podObject(terminated(1, "NewReason"))],
    reason: "NewReason",
    message: /NewReason/,
  },
  {
    name: "the last of several attempts",
    job: failed,
    pods: [
      podObject(terminated(2), {}, { name: "second", creationTimestamp: at(7) }),
      podObject(terminated(1), {}, { name: "first", creationTimestamp: at(1) }),
    ],
    reason: "Error",
    message: /exit code 2/,
  },
  {
    name: "an attempt that ran, although the next one never did",
    job: failed,
    pods: [podObject(terminated(4)), podObject({ waiting: {} }, {}, { name: "second", creationTimestamp: at(7) })],
    reason: "Error",
    message: /exit code 4/,
  },
];

const late = { ...jobObject({ type: "Failed", reason: "DeadlineExceeded", message: "active longer" }) };
/** The deadline passed at second 12, or 8. */
const deadline = (seconds: number): Job => ({
  ...late,
  spec: { ...late.spec, activeDeadlineSeconds: seconds },
  status: { ...late.status, startTime: at(0) },
});
const drained = (second: number): Pod["status"] => ({
  conditions: [
    { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", lastTransitionTime: at(second) },
  ],
});

describe("dev-03: the executor's end counts by what it was asked before", () => {
  const ends: readonly (readonly [string, Job, Pod, string, string])[] = [
    [
      "ended well before a deadline that another container ran into",
      deadline(12),
      podObject(terminated(0)),
      "succeeded",
      "Completed",
    ],
    [
      "failed before a deadline that another container ran into",
      deadline(12),
      podObject(terminated(7)),
      "failed",
      "Error",
    ],
    ["ended with 0 when the deadline told it to", deadline(8), podObject(terminated(0)), "failed", "DeadlineExceeded"],
    [
      "ended with 0 in the very second of the deadline",
      deadline(9),
      podObject(terminated(0)),
      "failed",
      "DeadlineExceeded",
    ],
    ["ended well, another container failed", failed, podObject(terminated(0)), "succeeded", "Completed"],
    ["ended well before its node was drained", failed, podObject(terminated(0), drained(12)), "succeeded", "Completed"],
    [
      "ended with 0 because its node was drained",
      failed,
      podObject(terminated(0), drained(8)),
      "failed",
      "EvictionByEvictionAPI",
    ],
    [
      "ended with 0 because its pod was deleted",
      failed,
      podObject(terminated(0), {}, { deletionTimestamp: at(38), deletionGracePeriodSeconds: 30 }),
      "failed",
      "PodDeleted",
    ],
    [
      "ended well before its pod was deleted",
      failed,
      podObject(terminated(0), {}, { deletionTimestamp: at(45), deletionGracePeriodSeconds: 30 }),
      "succeeded",
      "Completed",
    ],
  ];
  for (const [name, job, pod, status, reason] of ends) {
    test(name, () => {
      const ending = endingOf(job, [pod], "executor");
      assert.deepEqual([ending?.status, ending?.reason], [status, reason]);
    });
  }

  test("a success counts, whatever later attempts do", () => {
    const second = podObject(terminated(3), {}, { name: "second", creationTimestamp: at(30) });
    assert.equal(endingOf(failed, [podObject(terminated(0)), second], "executor")?.status, "succeeded");
  });

  test("a failure after which the pod starts its container again is none", () => {
    const pod = podObject(terminated(3), { phase: "Running" });
    const again = { ...pod, spec: { ...pod.spec, restartPolicy: "OnFailure" } };
    assert.equal(endingOf(jobObject(), [again], "executor"), undefined);
    assert.equal(endingOf(jobObject(), [pod], "executor")?.status, "failed");
  });
});

describe("how a Job ended", () => {
  for (const { name, job, pods, reason, message } of CASES) {
    test(name, () => {
      const ending = endingOf(job, pods, "executor");
      assert.equal(ending?.reason, reason);
      assert.equal(ending?.status, reason === "Completed" ? "succeeded" : "failed");
      assert.match(ending?.message ?? "", message);
    });
  }

  test("it has not, unless the Job or its executor says so", () => {
    assert.equal(endingOf(jobObject(), [podObject({ running: {} })], "executor"), undefined);
    assert.equal(endingOf(jobObject(), [podObject(terminated(0))], "executor")?.status, "succeeded");
    assert.equal(endingOf(jobObject(), [podObject(terminated(1))], "executor")?.status, "failed");
  });
});

test("a result says where and how long", () => {
  const ending = { status: "failed", reason: "Error", message: "m" } as const;
  const known = { namespace: "n", name: "j", job: failed, container: "executor", logsComplete: true };
  assert.deepEqual(resultOf(ending, { ...known, pods: [podObject(terminated(3))] }), {
    name: "j",
    namespace: "n",
    ...ending,
    exitCode: 3,
    durations: { queuedMs: 2000, startingMs: 3000, runningMs: 4000, totalMs: 9000 },
    node: "node-1",
    pod: "pod-1",
    logsComplete: true,
  });
  assert.deepEqual(resultOf(ending, { ...known, pods: [] }), {
    name: "j",
    namespace: "n",
    ...ending,
    durations: {},
    logsComplete: true,
  });
});
