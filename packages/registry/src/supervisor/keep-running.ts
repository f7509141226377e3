import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { problemFields } from "../logs/problem-fields.ts";

const MAX_PAUSE_MS = 60_000;

/** What a task that has to go on needs. */
export interface KeepRunningOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Runs a task, and runs it again after a pause whenever it fails, until it resolves or the signal aborts. Never rejects: a task that
 * nothing waits for must neither end the process nor stop in silence.
 * @param what the task is, for the log
 */
export async function keepRunning(
  what: string,
  task: () => Promise<unknown>,
  { clock, random, log, signal }: KeepRunningOptions,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await task();
      return;
    } catch (error) {
      if (signal.aborted) return;
      const ms = Math.round(backoff(failures, random, MAX_PAUSE_MS));
      log.error({ task: what, ...problemFields(error), failures: failures + 1, ms }, `${what} failed; trying again`);
      await clock.sleep(ms, signal).catch(() => {});
    }
  }
}
