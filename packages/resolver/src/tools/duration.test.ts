import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "./duration.ts";

for (const [text, expected] of [
  ["0s", 0],
  ["250ms", 250],
  ["90m", 5_400_000],
  ["2d", 172_800_000],
  ["1h2m3.5s", 3_723_500],
  ["137.5µs", 0.1375],
  ["", undefined],
  ["5", undefined],
  ["5parsecs", undefined],
  ["1h and more", undefined],
  ["-5s", undefined],
] as const) {
  test(`the duration "${text}"`, () => assert.equal(parseDuration(text), expected));
}
