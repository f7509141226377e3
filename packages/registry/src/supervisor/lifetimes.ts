import type { Clock, Logger } from "@executor-registry/resolver";
import { problemFields } from "../logs/problem-fields.ts";

/** Something that has begun and has to be ended. */
interface Lifetime {
  /** What it is, for the log. */
  readonly what: string;
  readonly end: () => unknown;
  /** Milliseconds that it may take. */
  readonly ms: number;
}

/** Ends what has begun, the last first, each within its time: what hangs keeps nothing else from ending. */
export class Lifetimes {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #begun: Lifetime[] = [];

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Something has begun. */
  add(begun: Lifetime): void {
    this.#begun.push(begun);
  }

  /** Never rejects. */
  async end(): Promise<void> {
    for (let last = this.#begun.pop(); last; last = this.#begun.pop()) await this.within(last);
  }

  /** Waits for one thing to end, for a while. Never rejects. */
  async within({ what, end, ms }: Lifetime): Promise<void> {
    const done = new AbortController();
    const ended = (async () => {
      try {
        await end();
      } catch (error) {
        this.#log.error({ task: what, ...problemFields(error) }, `${what} did not end cleanly`);
      }
      return true;
    })();
    const late = this.#clock.sleep(ms, done.signal).then(
      () => false,
      () => true,
    );
    const inTime = await Promise.race([ended, late]);
    done.abort();
    if (!inTime) this.#log.error({ task: what, code: "timeout", ms }, `${what} does not end; going on without it`);
  }
}
