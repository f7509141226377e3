import type { Clock } from "@executor-registry/resolver";

/** Time that only passes, in milliseconds: what a clock that is set back loses is not waited for a second time. */
export function steady(clock: Clock): () => number {
  let lost = 0;
  let last = -Infinity;
  return () => {
    const now = clock.now();
    if (now + lost < last) lost = last - now;
    last = now + lost;
    return last;
  };
}
