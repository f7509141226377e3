import type { Random } from "./clock.ts";

const FIRST_MS = 1000;
const MAX_MS = 30_000;
/** A server may ask to wait longer than {@link MAX_MS}, up to this. */
const MAX_ASKED_MS = 300_000;

/**
 * How long to wait after a failure, with full jitter, so that those who failed together do not come back together.
 * @param failures in a row, before this one
 * @param longestMs doubles from `firstMs` up to it
 * @returns milliseconds
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(failures: number, random: Random, longestMs: number, firstMs = FIRST_MS): number {
  return random() * Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30));
}

/** How long to wait before trying again. */
export interface Backoff {
  /**
   * Milliseconds until the next try.
   * @param retryAfter milliseconds the server asked for; waited in full, plus up to a second so that clients spread
   */
  next(retryAfter?: number): number;
  /** It worked: begin again. */
  reset(): void;
}

/** {@link backoff} up to 30 s, with the count of failures. */
export function createBackoff(random: Random): Backoff {
  let failures = 0;
  return {
    next(retryAfter) {
      const wait = backoff(failures, random, MAX_MS);
      failures += 1;
      return retryAfter === undefined ? wait : Math.min(MAX_ASKED_MS, retryAfter) + random() * FIRST_MS;
    },
    reset() {
      failures = 0;
    },
  };
}

/**
 * Milliseconds that a `Retry-After` header asks to wait, from delay-seconds or an HTTP date.
 * @param now milliseconds since the Unix epoch
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? "";
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
