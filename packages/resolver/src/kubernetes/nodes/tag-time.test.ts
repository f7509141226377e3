import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isHigher, tagVersion } from "../../reference/tag-version.ts";
import { isLater, tagTime } from "./tag-time.ts";

describe("the build time in a tag", () => {
  const cases: readonly (readonly [tag: string, from: string | undefined, length?: number])[] = [
    ["2026-11-23_15-04-05.999_UTC", "2026-11-23T15:04:05.999Z", 1],
    ["2026-11-23_15-04-05.1_UTC", "2026-11-23T15:04:05.100Z", 100],
    ["2026-11-23_15-04-05.12_UTC", "2026-11-23T15:04:05.120Z", 10],
    ["2026-11-23_15-04-05_UTC", "2026-11-23T15:04:05.000Z", 1000],
    ["2026-11-23_15-04-05.5_CET", "2026-11-23T15:04:05.500Z", 100],
    ["2026-11-23_15-04-05_-03", "2026-11-23T18:04:05.000Z", 1000],
    ["20261123-150405", "2026-11-23T15:04:05.000Z", 1000],
    ["20261123150405", "2026-11-23T15:04:05.000Z", 1000],
    ["20261123T150405Z", "2026-11-23T15:04:05.000Z", 1000],
    ["2026-11-23T15-04-05Z", "2026-11-23T15:04:05.000Z", 1000],
    ["20261123-1504", "2026-11-23T15:04:00.000Z", 60_000],
    ["20261123", "2026-11-23T00:00:00.000Z", 86_400_000],
    ["2026.11.23", "2026-11-23T00:00:00.000Z", 86_400_000],
    ["build-20261123-150405", "2026-11-23T15:04:05.000Z", 1000],
    ["20261123-150405-abc1234", "2026-11-23T15:04:05.000Z", 1000],
    ["20261123-150405-gabc1234-dirty", "2026-11-23T15:04:05.000Z", 1000],
    ["tilt-build-1795446245", "2026-11-23T15:04:05.000Z", 1000],
    ["2028-02-29", "2028-02-29T00:00:00.000Z", 86_400_000],
    ["2026-02-29", undefined],
    ["2026-02-31", undefined],
    ["2026-13-01", undefined],
    ["20261123-256199", undefined],
    ["1999-01-01", undefined],
    ["2026-11.23", undefined],
    ["latest", undefined],
    ["1.4.0", undefined],
    ["v1.4.0-14-gabc1234", undefined],
    ["abc1234", undefined],
    ["20261123".repeat(8), undefined],
    ["tilt-0123456789abcdef", undefined],
    ["", undefined],
  ];
  for (const [tag, from, length = 0] of cases) {
    test(`${tag}: ${from ?? "none"}`, () => {
      const time = tagTime(tag);
      assert.equal(time && new Date(time.from).toISOString(), from);
      if (time) assert.ok(Math.abs(time.until - time.from - length) < 0.5, String(time.until - time.from));
    });
  }
});

describe("which time is certainly later", () => {
  const cases: readonly (readonly [a: string, b: string, later: boolean])[] = [
    // As text, the first of these would come last: Skaffold drops trailing zeros.
    ["2026-11-23_15-04-05.12_UTC", "2026-11-23_15-04-05.1_UTC", false],
    ["2026-11-23_15-04-05.2_UTC", "2026-11-23_15-04-05.12_UTC", true],
    ["2026-11-23_15-04-06_UTC", "2026-11-23_15-04-05.999_UTC", true],
    ["20261123-150405", "20261123-150405", false],
    ["20261123-150405", "20261123", false],
    ["20261124", "20261123-235959", true],
    ["20261123", "20261122", true],
    ["2026-11-23_15-04-05_CET", "2026-11-23_15-04-04_CET", true],
    ["2026-11-23_15-04-05_CET", "2026-11-23_09-00-00_UTC", false],
    ["2026-11-25_15-04-05_CET", "2026-11-23_09-00-00_UTC", true],
    ["2026-11-23_12-00-00_-03", "2026-11-23_14-30-00_UTC", true],
    // A time without a zone is mostly a local one.
    ["20261123-150405", "2026-11-23_09-00-00_UTC", false],
    ["20261125-150405", "2026-11-23_09-00-00_UTC", true],
    ["20261123-150405", "tilt-build-1795440000", false],
  ];
  for (const [a, b, later] of cases) {
    test(`${a} after ${b}: ${later}`, () => {
      const [time, other] = [tagTime(a), tagTime(b)];
      assert.ok(time && other);
      assert.equal(isLater(time, other), later);
      if (later) assert.equal(isLater(other, time), false);
    });
  }
});

test("time is linear in the text, whatever it is made of", { timeout: 20_000 }, () => {
  const parts = [
    "-",
    "1.",
    "1-",
    "-1-g",
    "-1-gabcdef0",
    "a.",
    "0.0.0-0.",
    "v1.0.0-a-",
    "2026-11-",
    "-0a1b2c3",
    "-gabcdef",
    "20261123",
  ];
  const began = performance.now();
  for (const part of parts) {
    for (const end of ["", "!", "-dirty", "Z"]) {
      const text = part.repeat(100_000 / part.length) + end;
      for (const tag of [text, `v1.2.3-${text}`, `2026-11-23_${text}`]) {
        tagVersion(tag);
        tagTime(tag);
        const [version, other] = [
          tagVersion("1.0.0-a"),
          { numbers: [1, 0, 0], prerelease: [tag], commits: 0 } as const,
        ];
        if (version) isHigher(version, other);
      }
    }
  }
  // A quadratic one would look at 10^10 characters for each.
  assert.ok(performance.now() - began < 10_000);
});
