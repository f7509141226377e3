import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 23, 12);

for (const [what, header, expected] of [
  ["seconds", "120", 120_000],
  ["no time", "0", 0],
  ["a date", "Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
  ["a date that is over", "Mon, 23 Nov 2026 11:00:00 GMT", 0],
  ["nonsense", "soon", undefined],
  ["an empty header", "", undefined],
  ["nothing", undefined, undefined],
] as const) {
  test(`a server may ask to wait by ${what}`, () => assert.equal(parseRetryAfter(header, now), expected));
}
