import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";

/** Callers that are remembered at once; strangers choose how many there are. */
const MOST = 10_000;
const WINDOW = 60_000;

/** Counts what each caller did, minute by minute. */
export class MinuteLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  /** In the order of their coming. */
  readonly #callers = new Map<string, { count: number; readonly since: number }>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Milliseconds until a caller may try again; 0 when it may now. */
  wait(caller: string): number {
    const found = this.#current(caller);
    if (found === undefined || found.count < this.#perMinute) return 0;
    return found.since + WINDOW - this.#clock.now();
  }

  count(caller: string): void {
    const found = this.#current(caller);
    if (found !== undefined) return void (found.count += 1);
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size < MOST) break;
      this.#callers.delete(oldest);
    }
    this.#callers.set(caller, { count: 1, since: this.#clock.now() });
  }

  #current(caller: string): { count: number; readonly since: number } | undefined {
    const found = this.#callers.get(caller);
    // A clock that is set back makes no one wait longer.
    if (found !== undefined && Math.abs(this.#clock.now() - found.since) < WINDOW) return found;
    this.#callers.delete(caller);
    return undefined;
  }
}

/** Asked too often, and how long to wait. */
export class ThrottledError extends ExecutorRegistryError {
  override readonly name = "ThrottledError";
  readonly seconds: number;

  constructor(what: string, ms: number) {
    const seconds = Math.ceil(ms / 1000);
    super("throttled", `too many ${what} from this address; again in ${seconds} s`);
    this.seconds = seconds;
  }
}
