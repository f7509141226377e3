import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { untilAborted } from "./time-limit.ts";

test("a promise that rejects after the signal aborted is not an unhandled rejection", async () => {
  const seen: unknown[] = [];
  const noted = (error: unknown): void => void seen.push(error);
  process.on("unhandledRejection", noted);
  try {
    for (const before of [true, false]) {
      const ending = new AbortController();
      let fail: (error: Error) => void = () => {};
      const work = new Promise<void>((_, reject) => (fail = reject));
      if (before) ending.abort(new Error("ended"));
      const waiting = assert.rejects(untilAborted(work, ending.signal), /ended/);
      ending.abort(new Error("ended"));
      await waiting;
      fail(new Error("late"));
      await setImmediate();
    }
    assert.deepEqual(seen, []);
  } finally {
    process.off("unhandledRejection", noted);
  }
});
