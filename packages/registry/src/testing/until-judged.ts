import type { ManualClock } from "../../../../testing/manual-clock.ts";
import type { Scanning } from "./scanning.ts";

/** What is due is judged in the background; this is when nothing is due any more, and it was written down. */
export async function judged({ judging }: Pick<Scanning, "judging">): Promise<void> {
  while (judging.health.due > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass until something has ended. */
export async function passing(clock: ManualClock, something: Promise<unknown>): Promise<void> {
  const state = { ended: false };
  const ends = something.finally(() => (state.ended = true));
  while (!state.ended) await clock.advance(10);
  await ends;
}
