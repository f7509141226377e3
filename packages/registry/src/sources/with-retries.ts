import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { RegistryError } from "../oci/wire/errors.ts";
import { concernsHost, type HostPacer, MAX_BACKOFF_MS, MAX_WAIT_MS } from "../oci/wire/pacing.ts";

/** What it takes to ask one cloud API again. */
export interface RetryOptions {
  /** Shared by all that ask it. */
  readonly pacer: HostPacer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** An API's limits count for the whole account, so others may be using them up just now. */
const MAX_TRIES = 8;

/**
 * Asks, and asks again what may be answered a little later: throttled, failed or not reached. Pauses count for all that
 * share the pacer.
 * @throws RegistryError of the last try
 */
export async function withRetries<T>(
  ask: () => Promise<T>,
  { pacer, clock, random, log }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    // What it throws says nothing new of the API, which was not asked.
    const done = await pacer.turn(signal);
    let error: unknown;
    try {
      const answer = await ask();
      pacer.succeeded();
      return answer;
    } catch (thrown) {
      signal.throwIfAborted();
      error = thrown;
    } finally {
      done();
    }
    if (!(error instanceof RegistryError)) throw error;
    const { code, host, retryAfter, status } = error;
    const passes = code === "throttled" || code === "unreachable" || code === "timeout";
    if (!passes) {
      if (status !== undefined) pacer.succeeded();
      throw error;
    }
    const concernsAll = concernsHost(error);
    if (concernsAll) pacer.pause(error);
    if (failures + 1 >= MAX_TRIES || (!concernsAll && (retryAfter ?? 0) > MAX_WAIT_MS) || !pacer.mayRetry())
      throw error;
    log.debug({ host, code, status, failures }, "will ask the API again");
    if (!concernsAll) await clock.sleep(retryAfter ?? backoff(failures, random, MAX_BACKOFF_MS), signal);
  }
}
