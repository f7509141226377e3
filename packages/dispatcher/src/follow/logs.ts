import type { Clock } from "@executor-registry/resolver";
import { type Pod, stateOf } from "../kubernetes.ts";
import { type ContainerLogOptions, followContainerLog } from "./container-log.ts";

/** The logs of a Job's pods, one after the other. */
export interface Logs {
  /** Takes the pods as they are now: begins with those that have started, notes those that have ended. */
  update(pods: readonly Pod[]): void;
  /** Rejects when a log failed for good, as when `onLog` threw. Never resolves. */
  readonly failure: Promise<never>;
  /** Waits for the rest of all logs, as long as lines come. Resolves to whether all came. */
  finish(): Promise<boolean>;
}

/** After the Job's end, how long no line may come before the rest counts as lost. */
const PATIENCE = 15_000;

type Common = Omit<ContainerLogOptions, "pod" | "ended">;

export function followLogs(common: Common, clock: Clock): Logs {
  const ends = new Map<string, AbortController>();
  let all: Promise<boolean> = Promise.resolve(true);
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
    const log = async (before: boolean): Promise<boolean> =>
      (await followContainerLog({ ...common, onLog, pod, ended: end.signal })) && before;
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
        const end = ends.get(name) ?? begin(name);
        if (terminated) end.abort();
      }
    },
    async finish() {
      for (const end of ends.values()) end.abort();
      const over = new AbortController();
      try {
        for (let before = -1; before !== lines;) {
          before = lines;
          const pause = clock.sleep(PATIENCE, over.signal).then(
            () => undefined,
            () => undefined,
          );
          const complete = await Promise.race([all, failure, pause]);
          if (complete !== undefined) return complete;
        }
        return false;
      } catch (error) {
        // Cancelled meanwhile: the end stands, the rest of the log does not matter any more.
        if (common.signal.aborted) return false;
        throw error;
      } finally {
        over.abort();
      }
    },
  };
}
