import { holding, initStatuses, type Job, type Pod, stateOf } from "../tools/kubernetes.ts";
import { type JobDurations, durationsOf } from "./durations.ts";
import { type ExecutorEnd, executorEnd, latestPod } from "./executor-end.ts";
import { ENDED, exitWords } from "./reasons.ts";

/** How a Job ended. */
export interface JobResult {
  readonly name: string;
  readonly namespace: string;
  readonly status: "succeeded" | "failed" | "cancelled";
  /** The executor's, where it ran. */
  readonly exitCode?: number;
  /** One word: `Completed`, `Error`, `OOMKilled`, `DeadlineExceeded`, `ImagePullBackOff`, `Unschedulable`, `JobDeleted`, … */
  readonly reason: string;
  /** The reason in a sentence, and what to do about it. */
  readonly message: string;
  readonly durations: JobDurations;
  /** Where it ran last. */
  readonly node?: string;
  readonly pod?: string;
  /** The pod's other containers that had not ended after `endTimeout`, and were ended with the Job. */
  readonly leftRunning?: readonly string[];
  /**
   * Whether every line the executor wrote is known to have been handed on. False as well when no listener was given, or no pod
   * was seen.
   */
  readonly logsComplete: boolean;
  /** Why it is not known, where the log was read; may quote the node. */
  readonly logsDoubt?: string;
}

/** What ended it, before it is put into a {@link JobResult}. */
export interface Ending {
  readonly status: JobResult["status"];
  readonly reason: string;
  readonly message: string;
  readonly leftRunning?: readonly string[];
}

/** What ends an executor from outside. */
export type EndSignal = "DeadlineExceeded" | "PodDeleted";

/**
 * The ending of a Job that has a condition saying so, or whose executor is known to have ended.
 * @param endSignal what was to end it, where the Job should have said so long ago
 */
export function endingOf(job: Job, pods: readonly Pod[], container: string, endSignal?: EndSignal): Ending | undefined {
  const condition = holding(job.status?.conditions, "Complete", "Failed");
  const end = executorEnd(job, pods, container);
  // A Job fails also by another container, or by a deadline that came after the executor's end.
  if (condition?.type === "Complete" || (end?.byItself && end.terminated.exitCode === 0)) {
    return { status: "succeeded", reason: "Completed", message: ENDED["Completed"] ?? "" };
  }
  if (!condition && !end && !endSignal) return undefined;
  const pod = end?.pod ?? latestPod(pods);
  const deadline =
    (condition?.reason ?? endSignal) === "DeadlineExceeded" && !end?.byItself
      ? { reason: "DeadlineExceeded", detail: condition?.message }
      : undefined;
  const { reason, detail } = deadline ??
    (pod && podFailure(pod, end)) ?? { reason: condition?.reason ?? endSignal ?? "Error", detail: condition?.message };
  const exit = end && end.terminated.exitCode !== 0 ? exitWords(end.terminated.exitCode) : undefined;
  const more = [exit, detail?.trim()].filter(Boolean).join("; ");
  return { status: "failed", reason, message: `${ENDED[reason] ?? reason}${more ? ` (${more})` : ""}` };
}

interface Failure {
  readonly reason: string;
  readonly detail?: string | undefined;
}

function podFailure(pod: Pod, end: ExecutorEnd | undefined): Failure | undefined {
  const { status, metadata } = pod;
  if (!end?.byItself) {
    if (status?.reason) return { reason: status.reason, detail: status.message };
    const disruption = holding(status?.conditions, "DisruptionTarget");
    if (disruption?.reason) return { reason: disruption.reason, detail: disruption.message };
    if (end && metadata.deletionTimestamp) return { reason: "PodDeleted" };
  }
  const initial = initStatuses(pod).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (!end && initial?.state?.terminated) {
    return {
      reason: "InitContainerFailed",
      detail: `${initial.name}: ${exitWords(initial.state.terminated.exitCode)}`,
    };
  }
  return end && { reason: end.terminated.reason ?? "Error", detail: end.terminated.message };
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
    readonly logsDoubt?: string | undefined;
  },
): JobResult {
  const { namespace, name, job, pods, container, logsComplete, logsDoubt } = known;
  const pod = (job && executorEnd(job, pods, container)?.pod) ?? latestPod(pods);
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
    ...(logsDoubt === undefined ? {} : { logsDoubt }),
  };
}
