import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { steady } from "../net/steady.ts";

/** Milliseconds without progress after which a scan is said to hang: readiness does not wait for it any longer. */
export const STALLED_MS = 30_000;
/** Milliseconds without progress after which a scan is abandoned. Longer than a registry's pause and the retries of a request take. */
const ABANDONED_MS = 240_000;

/** What a watched task is given. */
export interface Watched {
  readonly signal: AbortSignal;
  /** Something came of it. */
  progressed(): void;
}

/**
 * Runs a task as long as it makes progress. However long it takes in all, one that hangs is abandoned, even where it ignores its signal.
 * @param stalled called once each time that nothing came of it for half a minute
 * @throws ExecutorRegistryError code `timeout` for one that was abandoned
 */
export async function watched<T>(
  task: (watch: Watched) => Promise<T>,
  stalled: () => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  const now = steady(clock);
  const [over, abandoned] = [new AbortController(), new AbortController()];
  let last = now();
  const watch = async (): Promise<never> => {
    const end = AbortSignal.any([signal, over.signal]);
    for (let reported = false; ;) {
      const idle = now() - last;
      if (idle >= ABANDONED_MS) break;
      if (idle < STALLED_MS) reported = false;
      else if (!reported) {
        reported = true;
        stalled();
      }
      await clock.sleep((reported ? ABANDONED_MS : STALLED_MS) - idle, end);
    }
    const why = `the scan made no progress for ${ABANDONED_MS / 1000} s; it was abandoned and will be tried again`;
    const error = new ExecutorRegistryError("timeout", why);
    abandoned.abort(error);
    throw error;
  };
  const result = task({ signal: AbortSignal.any([signal, abandoned.signal]), progressed: () => (last = now()) });
  // One that was abandoned may end later.
  result.catch(() => {});
  try {
    return await Promise.race([result, watch()]);
  } finally {
    over.abort(new ExecutorRegistryError("closed", "the scan has ended"));
  }
}
