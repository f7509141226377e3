import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 23, 12);
const ghcr = (duration: string): string => `{"errors":[{"message":"retry-after: ${duration}, allowed: 44000/minute"}]}`;

for (const [name, header, body, expected] of [
  ["seconds", "120", "", 120_000],
  ["no time", "0", "", 0],
  ["a date", "Mon, 23 Nov 2026 12:00:30 GMT", "", 30_000],
  ["a date that is over", "Mon, 23 Nov 2026 11:00:00 GMT", "", 0],
  ["GitHub's milliseconds", undefined, ghcr("1.16676ms"), 1.16676],
  ["GitHub's microseconds", undefined, ghcr("137.998µs"), 0.137998],
  ["a longer Go duration", undefined, ghcr("1h2m3.5s"), 3_723_500],
  ["nonsense", "soon", "", undefined],
  ["a negative number", "-5", "", undefined],
  ["nonsense in the message", undefined, ghcr("5parsecs"), undefined],
  ["nothing", undefined, "<html>", undefined],
] as const) {
  test(`a registry may ask to wait by ${name}`, () => {
    const headers = header === undefined ? {} : { "retry-after": header };
    const ms = retryAfter({ headers, body: Buffer.from(body) }, now);
    if (expected === undefined) assert.equal(ms === undefined || ms === 0, true);
    else assert.ok(ms !== undefined && Math.abs(ms - expected) < 1e-6, String(ms));
  });
}
