import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { manualClock, type ManualClock } from "../../../../testing/manual-clock.ts";
import { StoreError } from "../journal/store-errors.ts";
import type { Sharing } from "../journal/store.ts";
import { sharedMemoryStore } from "../stores/testing/shared-memory.ts";
import { Leadership } from "./leadership.ts";

const log = pino({ level: "silent" });

/** Replicas of a service; each can be cut off from the store. */
function replicas(clock: ManualClock, count: number) {
  const { sharing } = sharedMemoryStore(clock);
  assert.ok(sharing);
  return Array.from({ length: count }, (_, at) => {
    const contact = { cut: false };
    const reached: Sharing = {
      ...sharing,
      async lease(...asked) {
        if (contact.cut) throw new StoreError("memory:", "nobody is there");
        return sharing.lease(...asked);
      },
    };
    return { contact, leadership: new Leadership({ sharing: reached, clock, log, note: () => `note ${at}` }) };
  });
}

/** Lets time pass while all keep asking. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  const end = clock.now() + ms;
  for (;;) {
    const next = await clock.nextSleep();
    if (clock.now() + next > end) break;
    await clock.advance(next);
  }
}

describe("leadership", () => {
  test("is one replica's, and others know whose, and what it notes", async () => {
    const [first, second] = replicas(manualClock(), 2);
    assert.ok(first && second);
    await first.leadership.ask();
    await second.leadership.ask();
    assert.deepEqual([first.leadership.leading, second.leadership.leading], [true, false]);
    assert.equal(second.leadership.leader, first.leadership.replica);
    assert.equal(second.leadership.noted, "note 0");
  });

  test("is given up in time before another replica can have it, and comes back to one that can be reached", async () => {
    const clock = manualClock();
    const [first, second] = replicas(clock, 2);
    assert.ok(first && second);
    const ending = new AbortController();
    const running = [first, second].map(async ({ leadership }) => {
      await leadership.ask();
      await leadership.run(ending.signal);
    });
    const terms: string[] = [];
    const term = (name: string) => async (signal: AbortSignal) => {
      // Never two at once.
      assert.equal(
        terms.filter((one) => one.startsWith("+")).length,
        terms.filter((one) => one.startsWith("-")).length,
      );
      terms.push(`+${name}`);
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      terms.push(`-${name}`);
    };
    running.push(first.leadership.whileLeading(term("first"), ending.signal));
    running.push(second.leadership.whileLeading(term("second"), ending.signal));
    await pass(clock, 30_000);
    assert.deepEqual(terms, ["+first"]);
    first.contact.cut = true;
    await pass(clock, 9000);
    assert.deepEqual(terms, ["+first"]);
    await pass(clock, 5000);
    assert.deepEqual(terms, ["+first", "-first"]);
    await pass(clock, 6000);
    assert.deepEqual(terms, ["+first", "-first", "+second"]);
    first.contact.cut = false;
    await pass(clock, 60_000);
    assert.deepEqual(terms, ["+first", "-first", "+second"]);
    ending.abort();
    await Promise.all(running);
    assert.deepEqual(terms, ["+first", "-first", "+second", "-second"]);
  });

  test("is given back when the replica ends, so that another one need not wait", async () => {
    const [first, second] = replicas(manualClock(), 2);
    assert.ok(first && second);
    await first.leadership.ask();
    await first.leadership.end();
    await second.leadership.ask();
    assert.deepEqual([first.leadership.leading, second.leadership.leading], [false, true]);
  });

  test("is always one's own where the store is", async () => {
    const clock = manualClock();
    const alone = new Leadership({ sharing: undefined, clock, log, note: () => "" });
    assert.equal(alone.leading, true);
    const failure = new Error("the task failed");
    await assert.rejects(
      alone.whileLeading(() => Promise.reject(failure), new AbortController().signal),
      failure,
    );
  });
});
