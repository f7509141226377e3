import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { createPump } from "./pump.ts";

test("an open that fails is tried again, and shown as failing meanwhile", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  let [opened, received] = [0, (): void => {}];
  const asked = new Promise<void>((resolve) => (received = resolve));
  const queue = createPump({ name: "q", clock, random: () => 1 }, async () => {
    opened += 1;
    if (opened === 1) throw new TypeError("no module");
    return {
      receive: (signal) => (
        received(),
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
      ),
      remove: () => Promise.resolve(),
      close() {},
    };
  });
  const ended = queue.run(() => Promise.resolve(), stop.signal);
  const pause = await clock.nextSleep();
  assert.equal(queue.failing, true);
  await clock.advance(pause);
  await asked;
  stop.abort(new Error("enough"));
  await ended;
  assert.equal(opened, 2);
});
