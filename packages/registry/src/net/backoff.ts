import type { Random } from "@executor-registry/resolver";

const FIRST = 1000;

/**
 * How long to wait after a failure, with full jitter, so that those who failed together do not come back together.
 * @param failures in a row, before this one
 * @param longest milliseconds; doubles from one second up to it
 * @returns milliseconds
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(failures: number, random: Random, longest: number): number {
  return random() * Math.min(longest, FIRST * 2 ** Math.min(failures, 30));
}
