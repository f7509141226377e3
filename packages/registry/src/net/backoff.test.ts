import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "./backoff.ts";

test("pauses double from a second up to the longest, and come anywhere below", () => {
  const most = [0, 1, 2, 3, 1000].map((failures) => backoff(failures, () => 1, 5000));
  assert.deepEqual(most, [1000, 2000, 4000, 5000, 5000]);
  assert.deepEqual([backoff(3, () => 0, 60_000), backoff(3, () => 0.5, 60_000)], [0, 4000]);
});
