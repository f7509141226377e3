import type { Clock } from "@executor-registry/resolver";

/** The time limits of one request: a phase's limit replaces the one before. */
export interface Deadline {
  /** Aborts with the caller's reason, or the error of the limit that passed. */
  readonly signal: AbortSignal;
  /** From now on `ms` are left. */
  phase(ms: number, tooLate: () => Error): void;
  /** Releases timers and listeners. */
  end(): void;
}

/** It is never read. Without a reason each abort makes a DOMException with its stack: four for a request. */
const LIFTED = new Error("the limit was lifted");

export function createDeadline(clock: Clock, caller: AbortSignal): Deadline {
  const stop = new AbortController();
  let current = new AbortController();
  const follow = (): void => stop.abort(caller.reason);
  if (caller.aborted) follow();
  else caller.addEventListener("abort", follow, { once: true });
  return {
    signal: stop.signal,
    phase(ms, tooLate) {
      current.abort(LIFTED);
      current = new AbortController();
      clock.sleep(ms, current.signal).then(
        () => stop.abort(tooLate()),
        () => {},
      );
    },
    end() {
      current.abort(LIFTED);
      caller.removeEventListener("abort", follow);
    },
  };
}
