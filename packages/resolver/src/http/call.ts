import { untilAborted } from "../tools/time-limit.ts";
import type { Clock } from "../tools/clock.ts";

/** One call's lifetime: it ends with the caller's signal or its own time limits, whichever comes first. */
export interface Call {
  /** Aborts with the caller's reason or with the error of the limit that passed. */
  readonly signal: AbortSignal;
  /** Fails the call after `ms`. Returns how to lift the limit. */
  within(ms: number, tooLate: () => Error): () => void;
  /** Fails the call when `ms` pass without {@link alive}. */
  idle(ms: number, dead: () => Error): void;
  /** A byte came. Cheap: no timer is touched. */
  alive(): void;
  /** Rejects when the call fails before `work` settles. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Releases timers and listeners, and leaves the connection alone. */
  end(): void;
}

/** Begins a call. */
export function beginCall(clock: Clock, caller: AbortSignal | undefined): Call {
  const stop = new AbortController();
  const over = new AbortController();
  const follow = (): void => stop.abort(caller?.reason);
  if (caller?.aborted) follow();
  else caller?.addEventListener("abort", follow, { once: true });
  let lastByte = clock.now();

  return {
    signal: stop.signal,
    within(ms, tooLate) {
      const lifted = new AbortController();
      const lift = (): void => lifted.abort();
      over.signal.addEventListener("abort", lift, { once: true });
      clock.sleep(ms, lifted.signal).then(
        () => stop.abort(tooLate()),
        () => {},
      );
      return lift;
    },
    idle(ms, dead) {
      const watch = async (): Promise<void> => {
        for (let left = ms; left > 0; left = lastByte + ms - clock.now()) await clock.sleep(left, over.signal);
        stop.abort(dead());
      };
      watch().catch(() => {});
    },
    alive() {
      lastByte = clock.now();
    },
    race: (work) => untilAborted(work, stop.signal),
    end() {
      caller?.removeEventListener("abort", follow);
      over.abort();
    },
  };
}
