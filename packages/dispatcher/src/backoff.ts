import type { Random } from "@executor-registry/resolver";

const FIRST = 500;
const MOST = 10_000;

/**
 * Milliseconds to wait after the `attempt`-th failure (from 1): full jitter below a ceiling that doubles from 0.5 s to 10 s,
 * and never less than the server asked for.
 */
export function backoff(attempt: number, random: Random, retryAfter = 0): number {
  return retryAfter + random() * Math.min(MOST, FIRST * 2 ** (attempt - 1));
}
