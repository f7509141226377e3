import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compareVersions, isHigher, tagVersion } from "./tag-version.ts";

/** Each comes after the one before it: semver.org's example, then what `git describe` makes of it. */
const ASCENDING = [
  "0.9",
  "0.9.1",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "v1.0.0-rc.1-3-gabc1234",
  "1.0.0",
  "v1.0.0-1-gabc1234",
  "v1.0.0-14-gdef5678-dirty",
  "1.0.1",
  "1.2",
  "1.10.0",
  "2.0.0",
  "10.0.0",
];

const parse = (tag: string): NonNullable<ReturnType<typeof tagVersion>> => {
  const version = tagVersion(tag);
  assert.ok(version, tag);
  return version;
};

test("versions ascend as semver and git describe have it", () => {
  for (const [index, lower] of ASCENDING.entries()) {
    for (const higher of ASCENDING.slice(index + 1)) {
      assert.ok(compareVersions(parse(lower), parse(higher)) < 0, `${lower} < ${higher}`);
      assert.ok(compareVersions(parse(higher), parse(lower)) > 0, `${higher} > ${lower}`);
    }
  }
});

test("the same version, however written", () => {
  for (const [a, b] of [
    ["v1.2.3", "1.2.3"],
    ["1.2", "1.2.0"],
    ["1.2.3-dirty", "1.2.3"],
    ["v1.2.3-4-gabc1234", "1.2.3-4-gdef5678-dirty"],
  ] as const) {
    assert.equal(compareVersions(parse(a), parse(b)), 0, `${a} ${b}`);
  }
});

test("a commit in place of a prerelease is no rank; what stands before it is", () => {
  for (const [a, b] of [
    ["1.4.0-def5678", "1.4.0-abc1234"],
    ["1.4.0-abc1234", "1.4.0-1234567"],
    ["1.4.0", "1.4.0-abc1234"],
    ["1.4.0-rc.10-abc1234", "1.4.0-rc.2-def5678"],
  ] as const) {
    assert.deepEqual([isHigher(parse(a), parse(b)), isHigher(parse(b), parse(a))], [false, false], `${a} ${b}`);
  }
  assert.equal(isHigher(parse("1.4.1-abc1234"), parse("1.4.0-def5678")), true);
  assert.equal(isHigher(parse("1.4.0-rc.2"), parse("1.4.0-rc.1")), true);
  assert.equal(isHigher(parse("v1.4.0-2-gabc1234"), parse("v1.4.0-1-gdef5678")), true);
  assert.equal(isHigher(parse("1.4.0-20261123"), parse("1.4.0-20261122")), true);
});

describe("no versions", () => {
  for (const tag of [
    "",
    "latest",
    "main",
    "abc1234",
    "1",
    "v1",
    "1.2.3.4",
    "1.2.3+build",
    "x1.2.3",
    `${"9".repeat(16)}.0.0`,
    "0".repeat(64),
  ]) {
    test(JSON.stringify(tag), () => assert.equal(tagVersion(tag), undefined));
  }
});

test("any three versions have one order", () => {
  const part = fc.nat(3);
  const version = fc
    .tuple(part, part, part, fc.option(fc.constantFrom("alpha", "alpha.1", "1", "rc.2", "x-y")), fc.option(fc.nat(3)))
    .map(([a, b, c, pre, commits]) =>
      parse(`${a}.${b}.${c}${pre === null ? "" : `-${pre}`}${commits === null ? "" : `-${commits}-gabc1234`}`),
    );
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) || 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0);
    }),
  );
});
