import { type ContainerStatus, holding, type Job, type Pod, stateOf } from "../kubernetes.ts";
import { ENDED, WAITING } from "./reasons.ts";

/** How far a Job is. */
export interface JobStatus {
  /** No node yet; a node, but the executor does not run; it runs; the Job is over. */
  readonly phase: "queued" | "starting" | "running" | "ended";
  /** For a person, such as `running on node-1`. */
  readonly message: string;
  /** The one-word reason of a problem that keeps it from starting. */
  readonly reason?: string;
  /** The problem will not pass. */
  readonly fatal?: true;
  /** It waits for what may take any time, so the start timeout does not run. */
  readonly untimed?: true;
  readonly pod?: string;
  readonly node?: string;
}

/** The pod that counts: of several attempts the last. */
export function latestPod(pods: readonly Pod[]): Pod | undefined {
  const age = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp);
  return [...pods].sort((a, b) => age(a) - age(b)).at(-1);
}

/** How far it is, from the Job and its pods as last seen. */
export function statusOf(job: Job, pods: readonly Pod[], container: string): JobStatus {
  if (holding(job.status?.conditions, "Complete", "Failed")) return { phase: "ended", message: "ended" };
  const pod = latestPod(pods);
  if (!pod) {
    return job.spec.suspend
      ? { phase: "queued", message: "waiting: the Job is suspended", untimed: true }
      : { phase: "queued", message: "waiting for a pod" };
  }
  const node = pod.spec.nodeName;
  if (!node) return { pod: pod.metadata.name, ...queued(pod) };
  return { pod: pod.metadata.name, node, ...onNode(pod, node, container) };
}

function queued(pod: Pod): JobStatus {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (!condition) return { phase: "queued", message: "waiting for a node" };
  const detail = condition.message ? `: ${condition.message}` : "";
  return condition.reason === "Unschedulable"
    ? { phase: "queued", message: `waiting: ${ENDED["Unschedulable"]}${detail}`, reason: "Unschedulable" }
    : { phase: "queued", message: `waiting: ${condition.reason ?? "not scheduled"}${detail}`, untimed: true };
}

function onNode(pod: Pod, node: string, container: string): JobStatus {
  const state = stateOf(pod, container);
  if (state.running) return { phase: "running", message: `running on ${node}` };
  if (state.terminated) return { phase: "running", message: `ending on ${node}` };
  const initial = pod.status?.initContainerStatuses ?? [];
  const problem = firstProblem([...initial, ...(pod.status?.containerStatuses ?? [])]);
  if (problem) return problem;
  const first = initial.find((status) => status.state?.running);
  if (first) return { phase: "starting", message: `running init container ${first.name} on ${node}`, untimed: true };
  const pulls = pod.spec.containers.some(({ imagePullPolicy }) => imagePullPolicy !== "Never");
  return { phase: "starting", message: `starting on ${node}${pulls ? ": pulling the image unless it is there" : ""}` };
}

function firstProblem(statuses: readonly ContainerStatus[]): JobStatus | undefined {
  for (const { name, state } of statuses) {
    const { reason = "", message } = state?.waiting ?? {};
    if (!Object.hasOwn(WAITING, reason)) continue;
    const known = WAITING[reason];
    return {
      phase: "starting",
      message: `waiting: container ${name}: ${known?.words}${message ? ` (${message})` : ""}`,
      reason,
      ...(known?.fatal ? { fatal: true } : {}),
    };
  }
  return undefined;
}
