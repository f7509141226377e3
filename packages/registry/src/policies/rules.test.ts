import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigurationError } from "@executor-registry/resolver";
import type { Denial } from "../model/denial.ts";
import { makeVersionPolicies } from "./policies.ts";
import { VersionSettings } from "./settings.ts";
import { at, context, digestOf, image, reads, rules } from "./testing/images.ts";

const policies = (...all: readonly object[]) => makeVersionPolicies(VersionSettings.parse({ policies: all }));
const byDefault = policies().of("ml");
const pushed = (tags: string | readonly string[], time: string) => image(tags, { pushed: at(time) });

describe("version policies", () => {
  test("the first that names a type counts; without one it is the newest", () => {
    const all = policies(
      { name: "a", types: ["ml", "nlp-*"], kind: "semver", range: "^1", include: [String.raw`^\d`], onEmpty: "refuse" },
      { name: "b", types: ["nlp-*", "x"], kind: "tag", tag: "stable", onTagMoved: "hold" },
    );
    const named = ["ml", "nlp-en", "x", "other"].map((type) => [all.of(type).name, all.of(type).kind]);
    assert.deepEqual(named, [
      ["a", "semver"],
      ["a", "semver"],
      ["b", "tag"],
      ["", "newest"],
    ]);
    assert.deepEqual(all.summary, [
      String.raw`a for ml, nlp-*: semver ^1, include ^\d, refuse when empty`,
      "b for nlp-*, x: tag stable, hold moved tags",
    ]);
    assert.deepEqual([all.of("ml").onEmpty, all.of("x").onTagMoved], ["refuse", "hold"]);
  });

  test("rules that decide alike have one fingerprint, whatever their names; other types make another hash", () => {
    const semver = { kind: "semver", types: ["ml"] };
    const [one, same, other, types] = [
      policies({ ...semver, name: "a" }),
      policies({ ...semver, name: "b" }),
      policies({ ...semver, name: "a", range: "^1" }),
      policies({ ...semver, name: "a", types: ["*"] }),
    ] as const;
    assert.equal(one.of("ml").fingerprint, same.of("ml").fingerprint);
    assert.notEqual(one.of("ml").fingerprint, other.of("ml").fingerprint);
    assert.equal(new Set([one, same, other, types].map(({ hash }) => hash)).size, 4);
  });

  test("a pattern or a range that was not checked before is refused with the policy's name", () => {
    const [settings] = VersionSettings.parse({ policies: [{ name: "a", kind: "semver" }] }).policies;
    assert.ok(settings?.kind === "semver");
    for (const wrong of [{ range: "nonsense" }, { include: ["("] }, { extract: "[" }]) {
      assert.throws(
        () => makeVersionPolicies({ policies: [{ ...settings, ...wrong }] }),
        (error) => {
          assert.ok(error instanceof ConfigurationError);
          assert.match(error.message, /^the version policy "a": the (range|pattern) /);
          return true;
        },
      );
    }
  });
});

describe("a type that no policy names", () => {
  test("has a warning where semver would pick another of its versions", () => {
    const images = [pushed(["1.10.0", "latest"], "09:00"), pushed("1.9.1", "10:00")];
    const { pick, warnings } = byDefault.evaluate(images, context());
    assert.equal(pick?.tag, "1.9.1");
    assert.match(
      warnings.join(),
      /^every tag is a version, and 1\.10\.0 is higher than 1\.9\.1, which is newer; name the type/,
    );
    assert.deepEqual(rules({ kind: "newest" }).evaluate(images, context()).warnings, []);
  });

  test("has none where a tag is no version, or both agree, or the higher one is a pre-release", () => {
    for (const tag of ["main", "1.8.0", "1.11.0-rc.1"]) {
      const images = [pushed("1.9.0", "08:00"), pushed(tag, "09:00"), pushed("1.10.0", "10:00")];
      assert.deepEqual(byDefault.evaluate(images, context()).warnings, [], tag);
    }
  });
});

describe("what is not known", () => {
  test("is not claimed: of tags that could not be read the best may be one", () => {
    const images = [image("1.0.0"), image("1.1.0"), image("main")];
    const { reason } = rules({ kind: "semver", range: "^1" }).evaluate(images, context({ reads: reads(3) }));
    assert.equal(
      reason,
      "of 2 candidates among 3 admitted versions that could be read it has the highest version in ^1",
    );
  });
});

describe("time", () => {
  test("lets images in when they have been there for minAge, and the evaluation says when", () => {
    const newest = rules({ kind: "newest", minAge: "2h" });
    const images = [pushed("a", "10:30"), pushed("b", "11:00"), pushed("c", "09:00")];
    assert.equal(newest.summary, "newest by pushed, minAge 2h");
    const { pick, drops, changesAt } = newest.evaluate(images, context());
    assert.equal(pick?.tag, "c");
    assert.deepEqual(drops, [{ code: "too-new", count: 2, examples: ["b", "a"] }]);
    assert.equal(changesAt, Date.parse(at("12:30")));
    const later = context({ now: changesAt });
    assert.equal(newest.evaluate(images, later).pick?.tag, "a");
    assert.equal(newest.evaluate(images, later).changesAt, Date.parse(at("13:00")));
    const [a] = images;
    assert.ok(a);
    assert.equal(newest.dropOf(a, context())?.detail, "it counts from 2026-11-20T12:30:00.000Z on (minAge)");
  });

  test("counts from when an image was found, where no push is known; of what was there before, from its build", () => {
    const newest = rules({ kind: "newest", minAge: "2h" });
    const found = { found: at("11:00"), since: 110 };
    const built = { found: at("11:00"), since: 0, created: at("08:00") };
    const codes = [image("a", found), image("b", { ...found, since: 0 }), image("c", built)].map(
      (one) => newest.dropOf(one, context())?.code,
    );
    assert.deepEqual(codes, ["too-new", "too-new", undefined]);
  });

  test("ends a denial of the settings", () => {
    const until = at("13:00");
    const semver = rules({ kind: "semver", deny: [{ version: "1.1.0", reason: "slow", until }] });
    const images = [image("1.0.0"), image("1.1.0")];
    const now = semver.evaluate(images, context());
    assert.deepEqual([now.pick?.tag, now.changesAt], ["1.0.0", Date.parse(until)]);
    const after = semver.evaluate(images, context({ now: Date.parse(until) }));
    assert.deepEqual([after.pick?.tag, after.changesAt], ["1.1.0", undefined]);
  });
});

describe("denials", () => {
  const semver = rules({ kind: "semver", deny: [{ pattern: "^2", reason: "not yet", author: "bob" }] });
  const denial = (more: Partial<Denial>): Denial => ({
    id: 7,
    reason: "broken",
    by: "alice",
    since: at("09:00"),
    ...more,
  });

  test("are those of the settings and of the type", () => {
    const images = [image("1.0.0"), image("1.1.0"), image("2.0.0")];
    const { pick, drops } = semver.evaluate(images, context({ denials: [denial({ version: "1.1.0" })] }));
    assert.equal(pick?.tag, "1.0.0");
    assert.deepEqual(drops, [{ code: "denied", count: 2, examples: ["2.0.0", "1.1.0"] }]);
    assert.deepEqual(semver.denials, [{ id: 0, pattern: "^2", reason: "not yet", by: "bob", since: "" }]);
  });

  test("keep an image out by each of its tags, and by what a version named when it was denied", () => {
    const renamed = image(["1.1.0", "1.1"], { digest: "A" });
    const byOther = semver.dropOf(renamed, context({ denials: [denial({ version: "1.1" })] }));
    const byDigest = semver.dropOf(renamed, context({ denials: [denial({ version: "9", digests: [digestOf("A")] })] }));
    assert.deepEqual(
      [byOther, byDigest],
      [
        { code: "denied", detail: "alice denied it: broken" },
        { code: "denied", detail: "alice denied it: broken" },
      ],
    );
  });

  test("whose pattern cannot be read deny nothing, and a warning names them", () => {
    const evaluation = semver.evaluate([image("1.0.0")], context({ denials: [denial({ pattern: "(" })] }));
    assert.equal(evaluation.pick?.tag, "1.0.0");
    assert.match(evaluation.warnings.join(), /^the pattern of denial 7 cannot be read/);
  });
});

describe("a tag that names another image than before", () => {
  const [a, b] = [
    image("stable", { digest: "A", untagged: true }),
    image(["2.0.0", "stable"], { digest: "B" }),
  ] as const;
  const heldTags = new Map([["stable", digestOf("A")]]);
  const held = context({ heldTags });

  test("stays with the image that it named first, where the policy holds it", () => {
    const hold = rules({ kind: "tag", tag: "stable", onTagMoved: "hold" });
    assert.equal(hold.evaluate([a, b], held).pick?.image, a);
    assert.deepEqual(hold.dropOf(b, held), {
      code: "tag-moved",
      detail: "stable stays with the image that it named first (onTagMoved: hold)",
    });
    assert.equal(hold.dropOf(a, held), undefined);
  });

  test("is followed elsewhere", () => {
    const follow = rules({ kind: "tag", tag: "stable" });
    assert.equal(follow.evaluate([a, b], held).pick?.image, b);
    assert.deepEqual(follow.dropOf(a, held), {
      code: "tag-moved",
      detail: "no tag names it any more: a tag names another image now",
    });
  });

  test("is no name of the other image while it is held; the other's own tags are", () => {
    const hold = rules({ kind: "semver", onTagMoved: "hold" });
    const other = image(["1.0.0", "1.0.1"], { digest: "B" });
    const holding = context({ heldTags: new Map([["1.0.1", digestOf("A")]]) });
    assert.equal(hold.evaluate([other], holding).pick?.tag, "1.0.0");
  });
});

describe("the guard against going down", () => {
  test("compares tags whatever filters and ranges leave out, and says nothing of those without a key", () => {
    const semver = rules({ kind: "semver", range: "^3", exclude: ["^1"] });
    const compared = (a: string, b: string) => semver.compare(standing(a), standing(b), context());
    const standing = (tag: string) => ({ image: image(tag), tag });
    assert.equal(compared("2.0.0", "1.0.0"), 1);
    assert.equal(compared("1.0.0", "2.0.0-rc.1"), -1);
    assert.equal(compared("main", "1.0.0"), undefined);
  });

  test("never calls the image of a followed tag lower", () => {
    const standing = (time: string) => ({ image: pushed("stable", time), tag: "stable" });
    assert.equal(rules({ kind: "tag", tag: "stable" }).compare(standing("09:00"), standing("10:00"), context()), 0);
  });
});

describe("why an image is no candidate", () => {
  const policy = rules({
    kind: "semver",
    range: "^1",
    include: ["-alpine$"],
    exclude: ["^dev"],
    extract: "^v(?P<key>.*)-alpine$",
    platform: "linux/amd64",
  });
  const runs = { platforms: ["linux/amd64"] };
  for (const [tag, code, detail] of [
    ["dev-alpine", "excluded", "dev-alpine is excluded by ^dev"],
    ["v1.0.0", "not-included", "v1.0.0 matches no pattern of include"],
    ["1.0.0-alpine", "not-extracted", "extract finds no key in 1.0.0-alpine"],
    ["vmain-alpine", "not-a-version", "main is not of the form X.Y.Z"],
    [
      "v1.2-alpine",
      "not-a-version",
      "1.2 is not of the form X.Y.Z without leading zeros; set loose: true if it is meant",
    ],
    ["v2.0.0-alpine", "out-of-range", "2.0.0 is not in ^1"],
    [
      "v1.0.1-rc.1-alpine",
      "prerelease",
      "1.0.1-rc.1 is a pre-release, which ^1 leaves out; set prerelease: include to have them",
    ],
    [
      `sha256-${"a".repeat(64)}`,
      "artifact-tag",
      `sha256-${"a".repeat(64)} is the tag of a signature or of another artifact`,
    ],
    ["v1.0.0-alpine", undefined, undefined],
  ] as const) {
    test(`${tag}: ${code ?? "it is one"}`, () => {
      const drop = policy.dropOf(image(tag, runs), context());
      assert.deepEqual(drop, code && { code, detail });
    });
  }

  test("the tag that came furthest says why", () => {
    const drop = policy.dropOf(image(["dev-alpine", "main", "v2.0.0-alpine"], runs), context());
    assert.equal(drop?.code, "out-of-range");
  });

  test("another platform", () => {
    const details = [["linux/arm64"], []].map(
      (platforms) => policy.dropOf(image("v1.0.0-alpine", { platforms }), context())?.detail,
    );
    assert.deepEqual(details, [
      "it is for linux/arm64, not for linux/amd64",
      "it is for no platform that it names, not for linux/amd64",
    ]);
  });
});

test("a pattern that matches anywhere in a tag is pointed out", () => {
  const semver = rules({ kind: "semver", include: ["1.2", "^1"], exclude: ["debug$", String.raw`-[^a]\$`] });
  assert.deepEqual(semver.evaluate([], context()).warnings, [
    "the pattern 1.2 in include matches anywhere in a tag; add ^ or $ where that is not meant",
    String.raw`the pattern -[^a]\$ in exclude matches anywhere in a tag; add ^ or $ where that is not meant`,
  ]);
});
