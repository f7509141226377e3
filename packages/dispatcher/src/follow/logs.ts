import type { Clock } from "@executor-registry/resolver";
import { type Pod, stateOf } from "../tools/kubernetes.ts";
import { type ContainerLogOptions, followContainerLog } from "./container-log.ts";
import { timeOf } from "./durations.ts";

/** The logs of a Job's pods, one after the other. */
export interface Logs {
  /** Takes the pods as they are now: begins with those that have started, notes those that have ended. */
  update(pods: readonly Pod[]): void;
  /** Rejects when a log failed for good, as when `onLog` threw. Never resolves. */
  readonly failure: Promise<never>;
  /**
   * Waits for the rest of all logs, as long as lines come and for at most so many milliseconds. Resolves to why some may be
   * missing, or to nothing.
   */
  finish(most?: number): Promise<string | undefined>;
}

/** After the Job's end, how long no line may come before the rest counts as lost. */
const SILENCE_MS = 15_000;

/** What may run on without end, such as a pod that outlives its Job, has this much more time than it needs to end. */
export const LAST_LINES_MS = 15_000;

type Common = Omit<ContainerLogOptions, "pod" | "ended" | "times">;

export function followLogs(common: Common, clock: Clock): Logs {
  const ends = new Map<string, AbortController>();
  const latest = new Map<string, Pod>();
  let all: Promise<string | undefined> = Promise.resolve(undefined);
  let lines = 0;
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});

  const begin = (pod: string): AbortController => {
    const end = new AbortController();
    ends.set(pod, end);
    const onLog: Common["onLog"] = (text, line) => {
      lines += 1;
      return common.onLog(text, line);
    };
    const times: ContainerLogOptions["times"] = () => {
      const seen = latest.get(pod);
      const { running, terminated } = seen ? stateOf(seen, common.container) : {};
      return { started: timeOf(running?.startedAt ?? terminated?.startedAt), ended: timeOf(terminated?.finishedAt) };
    };
    const log = async (before: string | undefined): Promise<string | undefined> => {
      const doubt = await followContainerLog({ ...common, onLog, pod, times, ended: end.signal });
      return before ?? doubt;
    };
    all = all.then(log);
    all.catch((error: unknown) => {
      if (!common.signal.aborted) fail(error);
    });
    return end;
  };
  return {
    failure,
    update(pods) {
      for (const pod of pods) {
        const { name } = pod.metadata;
        const { running, terminated } = stateOf(pod, common.container);
        if (!running && !terminated?.startedAt) continue;
        latest.set(name, pod);
        const end = ends.get(name) ?? begin(name);
        if (terminated) end.abort();
      }
    },
    async finish(most = Infinity) {
      for (const end of ends.values()) end.abort();
      const over = new AbortController();
      const until = clock.now() + most;
      const result = all.then((doubt) => ({ doubt }));
      try {
        for (let before = -1; before !== lines && clock.now() < until;) {
          before = lines;
          const pause = clock.sleep(Math.min(SILENCE_MS, until - clock.now()), over.signal).then(
            () => undefined,
            () => undefined,
          );
          const read = await Promise.race([result, failure, pause]);
          if (read) return read.doubt;
        }
        return `its end did not come within ${Math.min(SILENCE_MS, most) / 1000} s`;
      } catch (error) {
        // Cancelled meanwhile: the end stands, the rest of the log does not matter any more.
        if (common.signal.aborted) return "it was cancelled";
        throw error;
      } finally {
        over.abort();
      }
    },
  };
}
