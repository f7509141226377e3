import type { Clock } from "@executor-registry/resolver";

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** Moves time on, waking sleepers in order, and lets what they do settle before each next one. */
  advance(ms: number): Promise<void>;
  /** Sets it, back or ahead, as an administrator does: who sleeps sleeps on as long as before. */
  jump(ms: number): void;
  /** Resolves when somebody sleeps, with the milliseconds of the sleep that would end first. */
  nextSleep(): Promise<number>;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** @param start milliseconds since the Unix epoch */
export function manualClock(start = Date.UTC(2026, 10, 23)): ManualClock {
  let now = start;
  let set = 0;
  const sleepers = new Set<Sleeper>();
  const watchers: (() => void)[] = [];
  const first = (): Sleeper | undefined => [...sleepers].sort((a, b) => a.due - b.due)[0];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  return {
    now: () => now + set,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { due: now + ms, wake: () => (sleepers.delete(sleeper), resolve()) };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => (sleepers.delete(sleeper), reject(signal.reason)), { once: true });
        for (const watcher of watchers.splice(0)) watcher();
      }),
    async advance(ms) {
      const end = now + ms;
      for (let next = first(); next && next.due <= end; next = first()) {
        now = next.due;
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    jump: (ms) => void (set += ms),
    async nextSleep() {
      for (;;) {
        const next = first();
        if (next) return next.due - now;
        await new Promise<void>((resolve) => watchers.push(resolve));
      }
    },
  };
}
