import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import type { RequestName } from "./conditions.ts";
import type { Answer } from "./operation.ts";

const MAX_KEYS = 10_000;
/** Of all answers that are kept. */
const MAX_BYTES = 16 << 20;
const KEPT_MS = 24 * 3_600_000;
/** Nothing was done: whoever reads again sends the same with another `If-Match`. */
const STALE = "precondition-failed";

/** How a request ended. */
type Outcome = { readonly answer: Answer } | { readonly error: ExecutorRegistryError };

interface Finished {
  readonly request: string;
  readonly since: number;
  readonly bytes: number;
  readonly outcome: Outcome;
}

/**
 * Keeps how requests with an `Idempotency-Key` ended, for a day and up to a bound, the oldest of which are forgotten first. An error that
 * may be another one the next time is not kept: the same request can be tried again.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07
 */
export class IdempotencyKeys {
  readonly #clock: Clock;
  readonly #running = new Map<string, string>();
  /** In the order of their ends. */
  readonly #finished = new Map<string, Finished>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Handles a request, unless it was handled already.
   * @returns how it ended, and whether that was earlier
   * @throws ExecutorRegistryError code `idempotency-key-in-use`, `idempotency-key-reused`; and what `handle` throws, where it is not kept
   */
  async once(
    { caller, key, hash }: RequestName,
    handle: () => Answer | Promise<Answer>,
  ): Promise<{ readonly outcome: Outcome; readonly replayed: boolean }> {
    const id = JSON.stringify([caller, key]);
    this.#forgetOld();
    const known = this.#finished.get(id);
    if ((known?.request ?? this.#running.get(id) ?? hash) !== hash) throw reused(key);
    if (known !== undefined) return { outcome: known.outcome, replayed: true };
    if (this.#running.has(id)) throw inUse(key);
    this.#running.set(id, hash);
    try {
      const outcome = await ended(handle);
      this.#keep(id, { request: hash, since: this.#clock.now(), bytes: bytesOf(outcome), outcome });
      return { outcome, replayed: false };
    } finally {
      this.#running.delete(id);
    }
  }

  #keep(id: string, finished: Finished): void {
    this.#finished.set(id, finished);
    this.#bytes += finished.bytes;
    for (const [oldest] of this.#finished) {
      if (this.#finished.size <= MAX_KEYS && this.#bytes <= MAX_BYTES) return;
      this.#forget(oldest);
    }
  }

  #forgetOld(): void {
    for (const [id, { since }] of this.#finished) {
      // A clock that is set back keeps nothing longer.
      if (Math.abs(this.#clock.now() - since) < KEPT_MS) return;
      this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#bytes -= this.#finished.get(id)?.bytes ?? 0;
    this.#finished.delete(id);
  }
}

/** @throws what may end otherwise the next time */
async function ended(handle: () => Answer | Promise<Answer>): Promise<Outcome> {
  try {
    return { answer: await handle() };
  } catch (error) {
    if (!(error instanceof ExecutorRegistryError) || error.retryable || error.code === STALE) throw error;
    return { error };
  }
}

const bytesOf = (outcome: Outcome): number =>
  "error" in outcome ? outcome.error.message.length : JSON.stringify(outcome.answer).length;

const inUse = (key: string): ExecutorRegistryError =>
  new ExecutorRegistryError(
    SERVICE_ERRORS["idempotency-key-in-use"],
    `the first request with Idempotency-Key "${key}" is not answered yet; send it again later`,
  );

const reused = (key: string): ExecutorRegistryError =>
  new ExecutorRegistryError(
    SERVICE_ERRORS["idempotency-key-reused"],
    `Idempotency-Key "${key}" named another request, with another method, path, query or body; send this one with a key of its own`,
  );
