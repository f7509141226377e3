import { type ContainerStatus, holding, initStatuses, type Job, type Pod, stateOf } from "../tools/kubernetes.ts";
import { latestPod, othersOf } from "./executor-end.ts";
import { ENDED, exitWords, WAITING } from "./reasons.ts";

/** How far a Job is. */
export interface JobStatus {
  /** No node yet; a node, but the executor does not run; it runs; the Job is over. */
  readonly phase: "queued" | "starting" | "running" | "ended";
  /** For a person, such as `running on node-1`. */
  readonly message: string;
  /** The one-word reason of a problem that keeps it from starting. */
  readonly reason?: string;
  /** Stays the same while the same is waited for, though the node's reasons for it alternate. */
  readonly topic?: string;
  /** The problem will not pass. */
  readonly fatal?: true;
  /** It waits for what may take any time, so the start timeout does not run. */
  readonly untimed?: true;
  readonly pod?: string;
  readonly node?: string;
}

/** How far it is, from the Job and its pods as last seen. */
export function statusOf(job: Job, pods: readonly Pod[], container: string): JobStatus {
  if (holding(job.status?.conditions, "Complete", "Failed")) return { phase: "ended", message: "ended" };
  const pod = latestPod(pods);
  // Suspending a Job deletes its pods.
  if (job.spec.suspend && (!pod || pod.metadata.deletionTimestamp)) {
    return { phase: "queued", message: "waiting: the Job is suspended", untimed: true };
  }
  if (!pod) return { phase: "queued", message: "waiting for a pod" };
  const node = pod.spec.nodeName;
  if (!node) return { pod: pod.metadata.name, ...queued(pod) };
  return { pod: pod.metadata.name, node, ...onNode(pod, node, container) };
}

function queued(pod: Pod): JobStatus {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (!condition) return { phase: "queued", message: "waiting for a node" };
  const detail = condition.message ? `: ${condition.message}` : "";
  return condition.reason === "Unschedulable"
    ? {
        phase: "queued",
        message: `waiting: ${ENDED["Unschedulable"]}${detail}`,
        reason: "Unschedulable",
        topic: "Unschedulable",
      }
    : { phase: "queued", message: `waiting: ${condition.reason ?? "not scheduled"}${detail}`, untimed: true };
}

function onNode(pod: Pod, node: string, container: string): JobStatus {
  const state = stateOf(pod, container);
  if (state.running) return { phase: "running", message: `running on ${node}` };
  if (state.terminated) {
    const others = othersOf(pod, container);
    const left = others.length > 0 ? `: the executor ended, ${containers(others)} not yet` : "";
    return { phase: "running", message: `ending on ${node}${left}` };
  }
  const before = pod.status?.containerStatuses?.find(({ name }) => name === container)?.lastState?.terminated;
  if (before) {
    const message = `waiting: the executor ended with ${exitWords(before.exitCode)} and is started again on ${node}`;
    return { phase: "starting", message, untimed: true };
  }
  const initial = initStatuses(pod);
  const problem = firstProblem([
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ]);
  if (problem) return problem;
  const first = initial.find((status) => status.state?.running);
  if (first) return { phase: "starting", message: `running init container ${first.name} on ${node}`, untimed: true };
  const pulls = pod.spec.containers.some(({ imagePullPolicy }) => imagePullPolicy !== "Never");
  return { phase: "starting", message: `starting on ${node}${pulls ? ": pulling the image unless it is there" : ""}` };
}

/** Containers as text: `container proxy`, `containers proxy and log`. */
export function containers(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length === 1 ? `container ${last}` : `containers ${names.slice(0, -1).join(", ")} and ${last}`;
}

/** The node's message, which may be long and have many lines. */
const MAX_DETAIL_CHARS = 300;

function firstProblem(statuses: readonly ContainerStatus[]): JobStatus | undefined {
  for (const { name, state } of statuses) {
    const { reason = "", message } = state?.waiting ?? {};
    if (!Object.hasOwn(WAITING, reason)) continue;
    const known = WAITING[reason];
    return {
      phase: "starting",
      message: `waiting: container ${name}: ${known?.words}${message ? ` (${shortened(message)})` : ""}`,
      reason,
      topic: `${name} ${known?.topic ?? reason}`,
      ...(known?.fatal ? { fatal: true } : {}),
    };
  }
  return undefined;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > MAX_DETAIL_CHARS ? `${line.slice(0, MAX_DETAIL_CHARS)}…` : line;
}
