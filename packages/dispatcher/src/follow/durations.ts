import { type Job, type Pod, stateOf } from "../tools/kubernetes.ts";

/**
 * Milliseconds, from the cluster's own times, which it keeps in whole seconds. Each is absent while its end is not known.
 */
export interface JobDurations {
  /** From the Job's creation until its pod had a node. */
  readonly queuedMs?: number;
  /** From there until the executor ran: pulling, mounting, init containers. */
  readonly startingMs?: number;
  /** From its start to its end. */
  readonly runningMs?: number;
  /** From the Job's creation to the executor's end. */
  readonly totalMs?: number;
}

/** @param pod the last attempt's; of several attempts the time of earlier ones counts as queued */
export function durationsOf(job: Job | undefined, pod: Pod | undefined, container: string): JobDurations {
  const state = pod ? stateOf(pod, container) : {};
  const created = timeOf(job?.metadata.creationTimestamp);
  const scheduled = timeOf(
    pod?.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "True")
      ?.lastTransitionTime,
  );
  const started = timeOf(state.running?.startedAt ?? state.terminated?.startedAt);
  const ended = timeOf(state.terminated?.finishedAt);
  return {
    ...between("queuedMs", created, scheduled),
    ...between("startingMs", scheduled, started),
    ...between("runningMs", started, ended),
    ...between("totalMs", created, ended),
  };
}

function between(name: keyof JobDurations, from: number | undefined, to: number | undefined): JobDurations {
  // Node and API server have clocks of their own.
  return from === undefined || to === undefined ? {} : { [name]: Math.max(0, to - from) };
}

/** A container that never started has the year 1970, or none. */
export function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}
