import { holding, type Job, type Pod, stateOf, type Terminated } from "../kubernetes.ts";
import { type JobDurations, durationsOf } from "./durations.ts";
import { ENDED, exitWords } from "./reasons.ts";
import { latestPod } from "./status.ts";

/** How a Job ended. */
export interface JobResult {
  readonly name: string;
  readonly namespace: string;
  readonly status: "succeeded" | "failed" | "cancelled";
  /** The executor's, where it ran. */
  readonly exitCode?: number;
  /** One word: `Completed`, `Error`, `OOMKilled`, `DeadlineExceeded`, `ImagePullBackOff`, `Unschedulable`, `JobDeleted`, … */
  readonly reason: string;
  /** The reason in words, and what to do about it. */
  readonly message: string;
  readonly durations: JobDurations;
  /** Where it ran last. */
  readonly node?: string;
  readonly pod?: string;
  /** Whether every line the executor wrote was handed on. False as well when nobody wanted them, or no pod was seen. */
  readonly logsComplete: boolean;
}

/** What ended it, before it is put into a {@link JobResult}. */
export interface Ending {
  readonly status: JobResult["status"];
  readonly reason: string;
  readonly message: string;
}

/** The pod whose end counts: the last in which the executor ended, else the last. */
function decisivePod(pods: readonly Pod[], container: string): Pod | undefined {
  return latestPod(pods.filter((pod) => stateOf(pod, container).terminated)) ?? latestPod(pods);
}

/** The ending of a Job that has a condition saying so, or whose executor is known to have ended. */
export function endingOf(job: Job, pods: readonly Pod[], container: string): Ending | undefined {
  const condition = holding(job.status?.conditions, "Complete", "Failed");
  const pod = decisivePod(pods, container);
  const terminated = pod && stateOf(pod, container).terminated;
  if (condition?.type === "Complete" || (!condition && terminated?.exitCode === 0)) {
    return { status: "succeeded", reason: "Completed", message: ENDED["Completed"] ?? "" };
  }
  if (!condition && !terminated) return undefined;
  const deadline =
    condition?.reason === "DeadlineExceeded" ? { reason: condition.reason, detail: condition.message } : undefined;
  const { reason, detail } = deadline ??
    (pod && podFailure(pod, terminated)) ?? {
      reason: condition?.reason ?? "Error",
      detail: condition?.message,
    };
  const exit = terminated && terminated.exitCode !== 0 ? exitWords(terminated.exitCode) : undefined;
  const more = [exit, detail?.trim()].filter(Boolean).join("; ");
  return { status: "failed", reason, message: `${ENDED[reason] ?? reason}${more ? ` (${more})` : ""}` };
}

interface Failure {
  readonly reason: string;
  readonly detail?: string | undefined;
}

function podFailure(pod: Pod, terminated: Terminated | undefined): Failure | undefined {
  const { status } = pod;
  if (status?.reason) return { reason: status.reason, detail: status.message };
  const disruption = holding(status?.conditions, "DisruptionTarget");
  if (disruption?.reason) return { reason: disruption.reason, detail: disruption.message };
  const initial = status?.initContainerStatuses?.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (!terminated && initial?.state?.terminated) {
    return {
      reason: "InitContainerFailed",
      detail: `${initial.name}: ${exitWords(initial.state.terminated.exitCode)}`,
    };
  }
  return terminated && { reason: terminated.reason ?? "Error", detail: terminated.message };
}

/** Puts together what is known of a Job and its end. */
export function resultOf(
  ending: Ending,
  known: {
    readonly namespace: string;
    readonly name: string;
    readonly job: Job | undefined;
    readonly pods: readonly Pod[];
    readonly container: string;
    readonly logsComplete: boolean;
  },
): JobResult {
  const { namespace, name, job, pods, container, logsComplete } = known;
  const pod = decisivePod(pods, container);
  const exitCode = pod && stateOf(pod, container).terminated?.exitCode;
  return {
    name,
    namespace,
    ...ending,
    ...(exitCode === undefined ? {} : { exitCode }),
    durations: durationsOf(job, pod, container),
    ...(pod?.spec.nodeName ? { node: pod.spec.nodeName } : {}),
    ...(pod ? { pod: pod.metadata.name } : {}),
    logsComplete,
  };
}
