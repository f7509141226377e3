import type { Random } from "./clock.ts";

const FIRST = 1000;
const MOST = 30_000;
/** A server may ask for more patience than {@link MOST}, but not for any. */
const PATIENCE = 300_000;

/** How long to wait before trying again. */
export interface Backoff {
  /**
   * Milliseconds until the next try.
   * @param retryAfter milliseconds the server asked for; waited in full, plus up to a second so that clients spread
   */
  next(retryAfter?: number): number;
  /** It worked: begin anew. */
  reset(): void;
}

/**
 * Full jitter below a ceiling that doubles from 1 s to 30 s.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function createBackoff(random: Random): Backoff {
  let ceiling = FIRST;
  return {
    next(retryAfter) {
      const wait = random() * ceiling;
      ceiling = Math.min(MOST, ceiling * 2);
      return retryAfter === undefined ? wait : Math.min(PATIENCE, retryAfter) + random() * FIRST;
    },
    reset() {
      ceiling = FIRST;
    },
  };
}
