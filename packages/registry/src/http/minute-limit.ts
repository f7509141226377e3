import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import type { Call, RateClass } from "./operation.ts";

/** Callers that are remembered at once; their number depends on who sends requests. */
const MAX_CALLERS = 10_000;
const WINDOW_MS = 60_000;

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

  /** @throws ThrottledError when the caller may not try again yet */
  check(caller: string, what: string): void {
    const found = this.#current(caller);
    if (found === undefined || found.count < this.#perMinute) return;
    const seconds = Math.ceil((found.since + WINDOW_MS - this.#clock.now()) / 1000);
    throw new ThrottledError(`too many ${what} from this address; again in ${seconds} s`, seconds);
  }

  count(caller: string): void {
    const found = this.#current(caller);
    if (found !== undefined) return void (found.count += 1);
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size < MAX_CALLERS) break;
      this.#callers.delete(oldest);
    }
    this.#callers.set(caller, { count: 1, since: this.#clock.now() });
  }

  #current(caller: string): { count: number; readonly since: number } | undefined {
    const found = this.#callers.get(caller);
    // A clock that is set back makes no one wait longer.
    if (found !== undefined && Math.abs(this.#clock.now() - found.since) < WINDOW_MS) return found;
    this.#callers.delete(caller);
    return undefined;
  }
}

/** The limits of the service, by what they count. */
export interface RateLimits {
  readonly writes: MinuteLimit;
  readonly refusedEvents: MinuteLimit;
}

/**
 * Handles a request unless its class is exhausted.
 * @param rate the operation's
 * @throws ThrottledError, and what `handle` throws
 */
export async function limited<T>(
  rate: RateClass | undefined,
  { writes, refusedEvents }: RateLimits,
  { principal, address }: Pick<Call, "principal" | "address">,
  handle: () => T | Promise<T>,
): Promise<T> {
  if (rate === "writes") {
    const caller = `${principal.name} ${address}`;
    writes.check(caller, "requests");
    writes.count(caller);
    return handle();
  }
  if (rate === undefined) return handle();
  refusedEvents.check(address, "refused events");
  try {
    return await handle();
  } catch (error) {
    // What is sent to a name that is not configured is refused before anything is read.
    if (!(error instanceof ExecutorRegistryError && error.code === "not-found")) refusedEvents.count(address);
    throw error;
  }
}

/** Asked too often, and how long to wait. */
export class ThrottledError extends ExecutorRegistryError {
  override readonly name = "ThrottledError";
  readonly seconds: number;

  constructor(message: string, seconds: number) {
    super("throttled", message);
    this.seconds = seconds;
  }
}
