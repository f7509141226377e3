import type { Pod } from "../tools/kubernetes.ts";
import { latestPod } from "./executor-end.ts";
import type { JobStatus } from "./status.ts";

/** Receives how far the Job is, as a sentence, whenever that changes. */
export type OnStatus = (message: string, status: JobStatus) => void;

/** Reports how far a Job is: everything once, however often it is looked at. */
export function createStatusReporter(
  onStatus: OnStatus = () => {},
  deleted: (pod: Pod) => boolean,
): (status: JobStatus, pods: readonly Pod[]) => void {
  let reported = "";
  let lastPod: Pod | undefined;

  /** Reports that the Job runs again, and what became of the attempt before. */
  const reportAttempt = (status: JobStatus, pods: readonly Pod[]): void => {
    const [before, pod] = [lastPod, latestPod(pods)];
    if (!pod) return;
    lastPod = pod;
    if (!before || before.metadata.uid === pod.metadata.uid) return;
    const old = pods.find(({ metadata }) => metadata.uid === before.metadata.uid) ?? before;
    const what = deleted(old) ? "was deleted" : "failed";
    reported = "";
    onStatus(`pod ${old.metadata.name} ${what}: the Job runs again, in pod ${pod.metadata.name}`, status);
  };
  return (status, pods) => {
    reportAttempt(status, pods);
    const topic = status.topic ? `${status.pod} ${status.topic}` : status.message;
    if (topic === reported) return;
    reported = topic;
    onStatus(status.message, status);
  };
}
