import type { Clock } from "./clock.ts";

/**
 * Does `work` with a signal that aborts with `signal`, or after `ms` milliseconds with the error `late` makes.
 * Whether or not the work heeds its signal, the wait ends.
 */
export async function withTimeLimit<T>(
  { clock, ms, signal, late }: { clock: Clock; ms: number; signal: AbortSignal; late: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const limited = new AbortController();
  const done = new AbortController();
  const stop = (): void => limited.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  clock.sleep(ms, done.signal).then(
    () => limited.abort(late()),
    () => {},
  );
  try {
    return await untilAborted(work(limited.signal), limited.signal);
  } catch (error) {
    throw limited.signal.aborted ? limited.signal.reason : error;
  } finally {
    done.abort();
    signal.removeEventListener("abort", stop);
  }
}

/** Resolves when the signal aborts. */
export const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** The promise, or the signal's reason when it aborts first. The promise itself goes on; its later rejection is handled. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
