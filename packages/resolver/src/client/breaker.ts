import type { Clock, Random } from "../tools/clock.ts";
import { createBackoff } from "../tools/backoff.ts";
import type { RegistryServiceError } from "./errors.ts";

/** Failures in a row until an address is left alone. One without an answer in time is enough: each costs a wait. */
const FAILURES = 3;

/** Keeps requests from an address that does not answer. */
export interface Breaker {
  /** Whether to ask now. While open, one probe is allowed after each wait, and has to be followed by a verdict. */
  allows(): boolean;
  answered(): void;
  failed(problem: RegistryServiceError): void;
  /** What the last request failed with, while it counts. */
  readonly problem: RegistryServiceError | undefined;
}

export function createBreaker(clock: Clock, random: Random): Breaker {
  const backoff = createBackoff(random);
  let failures = 0;
  let problem: RegistryServiceError | undefined;
  /** While open: since when, and until when it is not asked. */
  let open: { readonly since: number; readonly until: number } | undefined;
  let probing = false;

  return {
    get problem() {
      return problem;
    },
    allows() {
      if (!open) return true;
      const now = clock.now();
      // A clock that went back must not lengthen the wait.
      if (probing || (now >= open.since && now < open.until)) return false;
      probing = true;
      return true;
    },
    answered() {
      failures = 0;
      problem = undefined;
      open = undefined;
      probing = false;
      backoff.reset();
    },
    failed(error) {
      problem = error;
      failures += 1;
      const asked = error.retryAfter !== undefined;
      if (open && !probing) return;
      probing = false;
      if (!open && !asked && error.code !== "timeout" && failures < FAILURES) return;
      const now = clock.now();
      open = { since: now, until: now + backoff.next(error.retryAfter) };
    },
  };
}
