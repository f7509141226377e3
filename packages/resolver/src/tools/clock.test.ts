import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";

for (const ms of [2 ** 31, 30 * 86_400_000, 2 ** 40, Infinity]) {
  test(`red-12: a sleep of ${ms} ms does not wrap, and ends when its signal aborts`, async () => {
    const stop = new AbortController();
    const long = systemClock.sleep(ms, stop.signal).then(
      () => "woke",
      (error: unknown) => error,
    );
    // A timer that wraps fires after 1 ms.
    assert.equal(await Promise.race([long, systemClock.sleep(5).then(() => "asleep")]), "asleep");
    const reason = new Error("enough");
    stop.abort(reason);
    assert.equal(await long, reason);
  });
}
