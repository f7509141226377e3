import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerStatus, Job, Pod } from "../tools/kubernetes.ts";
import { at, jobObject, podObject, terminated, withOthers } from "../testing/objects.ts";
import { ENDED, WAITING } from "./reasons.ts";
import { type JobStatus, statusOf } from "./status.ts";

const waiting = (reason: string, message?: string): ContainerStatus["state"] => ({
  waiting: { reason, ...(message ? { message } : {}) },
});
const unscheduled = (reason: string, message: string): Pod => ({
  ...podObject(undefined, { conditions: [{ type: "PodScheduled", status: "False", reason, message }] }),
  spec: { containers: [{ name: "executor" }] },
});
const nativeSidecar = (pod: Pod): Pod => ({
  ...pod,
  spec: { ...pod.spec, initContainers: [{ name: "mesh", restartPolicy: "Always" }] },
});
const on = { pod: "pod-1", node: "node-1" };

const CASES: readonly (readonly [name: string, job: Job, pods: readonly Pod[], status: JobStatus])[] = [
  ["no pod yet", jobObject(), [], { phase: "queued", message: "waiting for a pod" }],
  [
    "suspended",
    jobObject(undefined, { suspend: true }),
    [],
    { phase: "queued", message: "waiting: the Job is suspended", untimed: true },
  ],
  [
    "no node can take it",
    jobObject(),
    [unscheduled("Unschedulable", "0/1 nodes are available")],
    {
      phase: "queued",
      message: `waiting: ${ENDED["Unschedulable"]}: 0/1 nodes are available`,
      reason: "Unschedulable",
      topic: "Unschedulable",
      pod: "pod-1",
    },
  ],
  [
    "held back on purpose",
    jobObject(),
    [unscheduled("SchedulingGated", "gated")],
    { phase: "queued", message: "waiting: SchedulingGated: gated", untimed: true, pod: "pod-1" },
  ],
  [
    "being created",
    jobObject(),
    [podObject(waiting("ContainerCreating"))],
    { phase: "starting", message: "starting on node-1: pulling the image unless it is there", ...on },
  ],
  [
    "an image that is not there",
    jobObject(),
    [podObject(waiting("ErrImageNeverPull", "not present"))],
    {
      phase: "starting",
      message: `waiting: container executor: ${WAITING["ErrImageNeverPull"]?.words} (not present)`,
      reason: "ErrImageNeverPull",
      topic: "executor image",
      ...on,
    },
  ],
  [
    "an init container's image",
    jobObject(),
    [
      podObject(waiting("PodInitializing"), {
        initContainerStatuses: [{ name: "fetch", state: waiting("ErrImagePull") ?? {} }],
      }),
    ],
    {
      phase: "starting",
      message: `waiting: container fetch: ${WAITING["ErrImagePull"]?.words}`,
      reason: "ErrImagePull",
      topic: "fetch image",
      ...on,
    },
  ],
  [
    "an init container at work",
    jobObject(),
    [podObject(waiting("PodInitializing"), { initContainerStatuses: [{ name: "fetch", state: { running: {} } }] })],
    { phase: "starting", message: "running init container fetch on node-1", untimed: true, ...on },
  ],
  ["running", jobObject(), [podObject({ running: {} })], { phase: "running", message: "running on node-1", ...on }],
  ["ending", jobObject(), [podObject(terminated(0))], { phase: "running", message: "ending on node-1", ...on }],
  [
    "dev-03: ended, but for another container",
    jobObject(),
    [withOthers(podObject(terminated(0)), "proxy", "log")],
    { phase: "running", message: "ending on node-1: the executor ended, containers proxy and log not yet", ...on },
  ],
  [
    "dev-03: failed, and started again by its pod's restart policy",
    jobObject(),
    [
      podObject(undefined, {
        containerStatuses: [{ name: "executor", state: waiting("CrashLoopBackOff") ?? {}, lastState: terminated(3) }],
      }),
    ],
    {
      phase: "starting",
      message: "waiting: the executor ended with exit code 3 and is started again on node-1",
      untimed: true,
      ...on,
    },
  ],
  [
    "dev-03: a native sidecar is no init container that has to end first",
    jobObject(),
    [
      nativeSidecar(
        podObject(waiting("PodInitializing"), { initContainerStatuses: [{ name: "mesh", state: { running: {} } }] }),
      ),
    ],
    { phase: "starting", message: "starting on node-1: pulling the image unless it is there", ...on },
  ],
  [
    "suspended again, its pod deleted",
    jobObject(undefined, { suspend: true }),
    [podObject({ running: {} }, {}, { deletionTimestamp: at(9) })],
    { phase: "queued", message: "waiting: the Job is suspended", untimed: true },
  ],
  ["ended", jobObject({ type: "Complete" }), [podObject(terminated(0))], { phase: "ended", message: "ended" }],
];

describe("how far a Job is", () => {
  for (const [name, job, pods, status] of CASES) {
    test(name, () => assert.deepEqual(statusOf(job, pods, "executor"), status));
  }
});

test("dev-04: what the kubelet tries again is not given up at once; a name that cannot be one is", () => {
  const fatal = Object.keys(WAITING).filter((reason) => WAITING[reason]?.fatal);
  assert.deepEqual(fatal, ["InvalidImageName"]);
});

test("what a node says at length is one line, and cut", () => {
  const pods = [podObject(waiting("ErrImagePull", `failed\n  to pull ${"x".repeat(900)}`))];
  const { message } = statusOf(jobObject(), pods, "executor");
  assert.match(message, /\(failed to pull x+…\)$/);
  assert.ok(message.length < 420);
});
