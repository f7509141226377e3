import { holding, type Job, type Pod, stateOf, type Terminated } from "../tools/kubernetes.ts";

/** The end of an executor's container, whatever its pod and its Job say. */
export interface ExecutorEnd {
  readonly pod: Pod;
  readonly terminated: Terminated;
  /** It ended before anything asked it to: a deadline, an eviction, a deletion. */
  readonly byItself: boolean;
  /** The pod's other containers that have not ended, by name. Native sidecars are not among them: the kubelet ends those. */
  readonly others: readonly string[];
}

/** The end that counts: a success, else that of the last attempt. Nothing while no executor has ended for good. */
export function executorEnd(job: Job, pods: readonly Pod[], container: string): ExecutorEnd | undefined {
  const ends = byAge(pods).flatMap((pod): ExecutorEnd[] => {
    const { terminated } = stateOf(pod, container);
    if (!terminated || startsAgain(pod, terminated, container)) return [];
    return [{ pod, terminated, byItself: endedByItself(job, pod, terminated), others: othersOf(pod, container) }];
  });
  return ends.findLast(({ byItself, terminated }) => byItself && terminated.exitCode === 0) ?? ends.at(-1);
}

/** The pod that counts: of several attempts the last. */
export function latestPod(pods: readonly Pod[]): Pod | undefined {
  return byAge(pods).at(-1);
}

function byAge(pods: readonly Pod[]): Pod[] {
  const age = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp);
  return [...pods].sort((a, b) => age(a) - age(b));
}

/** Whether the kubelet starts the container again in the same pod. */
function startsAgain(pod: Pod, { exitCode }: Terminated, container: string): boolean {
  const { phase } = pod.status ?? {};
  if (exitCode === 0 || phase === "Failed" || phase === "Succeeded" || pod.metadata.deletionTimestamp) return false;
  const own = pod.spec.containers.find(({ name }) => name === container);
  // Rules may say that it is started again after this exit code; then its end is not known yet.
  return (own?.restartPolicy ?? pod.spec.restartPolicy ?? "Never") !== "Never" || own?.restartPolicyRules !== undefined;
}

/** Times are whole seconds: what ended in the second in which it was asked to may have been asked. */
function endedByItself(job: Job, pod: Pod, { finishedAt }: Terminated): boolean {
  const finished = Date.parse(finishedAt ?? "");
  return [deadlineOf(job), disruptionOf(pod), deletionOf(pod), deletionOf(job)].every(
    (asked) => asked === undefined || finished < asked,
  );
}

/** When the cause came, not a number where it did and its time is not known. */
type Moment = number | undefined;

function deadlineOf(job: Job): Moment {
  const failed = job.status?.conditions?.find(
    ({ type, status: holds, reason }) =>
      (type === "Failed" || type === "FailureTarget") && holds === "True" && reason === "DeadlineExceeded",
  );
  return failed && (deadlineAt(job) ?? Date.parse(failed.lastTransitionTime ?? ""));
}

/** When a Job's `activeDeadlineSeconds` are over, by the cluster's clock; nothing where it has none, or was not started. */
export function deadlineAt({ spec, status }: Job): number | undefined {
  const passes = Date.parse(status?.startTime ?? "") + (spec.activeDeadlineSeconds ?? Number.NaN) * 1000;
  return Number.isNaN(passes) ? undefined : passes;
}

function disruptionOf({ status }: Pod): Moment {
  const disruption = holding(status?.conditions, "DisruptionTarget");
  if (disruption) return Date.parse(disruption.lastTransitionTime ?? "");
  // Such as Evicted or NodeLost.
  return status?.reason ? Number.NaN : undefined;
}

function deletionOf({ metadata }: Job | Pod): Moment {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined) return undefined;
  // A pod's is when it will be gone. One without a grace period was killed, or had one that is not known any more.
  if (deletionGracePeriodSeconds === 0) return Number.NaN;
  return Date.parse(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1000;
}

/** The containers beside the executor's that have not ended. */
export function othersOf(pod: Pod, container: string): string[] {
  return pod.spec.containers
    .map(({ name }) => name)
    .filter((name) => name !== container && !stateOf(pod, name).terminated);
}
