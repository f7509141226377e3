import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, createBackoff, parseRetryAfter } from "./backoff.ts";

test("pauses double from a second up to the longest, and come anywhere below", () => {
  const most = [0, 1, 2, 3, 1000].map((failures) => backoff(failures, () => 1, 5000));
  assert.deepEqual(most, [1000, 2000, 4000, 5000, 5000]);
  assert.deepEqual([backoff(3, () => 0, 60_000), backoff(3, () => 0.5, 60_000)], [0, 4000]);
});

test("waits anywhere below a ceiling that doubles up to 30 s", () => {
  const least = createBackoff(() => 0);
  const most = createBackoff(() => 1);
  assert.deepEqual(
    Array.from({ length: 7 }, () => most.next()),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.deepEqual(
    Array.from({ length: 3 }, () => least.next()),
    [0, 0, 0],
  );
  most.reset();
  assert.equal(most.next(), 1000);
});

test("waits at least as long as the server asks, but not without end", () => {
  const asked = createBackoff(() => 0.5);
  assert.equal(asked.next(20_000), 20_500);
  assert.equal(asked.next(1e9), 300_500);
});

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
