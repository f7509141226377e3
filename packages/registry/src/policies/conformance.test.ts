import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { CatalogueImage } from "../catalogue/state.ts";
import type { Denial } from "../model/denial.ts";
import { makeVersionPolicies } from "./policies.ts";
import type { EvaluationContext, VersionRules } from "./rules.ts";
import { context, image, rules } from "./testing/images.ts";

/** One of each kind at least, with what its options may change of the order. */
const POLICIES: Readonly<Record<string, VersionRules>> = {
  default: makeVersionPolicies({ policies: [] }).of("ml"),
  ...Object.fromEntries(
    [
      { kind: "semver" },
      { kind: "semver", range: ">=0.2.0-0 <3", loose: true, plus: "_" },
      { kind: "numerical" },
      { kind: "numerical", pick: "lowest", extract: String.raw`^(?:build-)?(?P<key>\d+)` },
      { kind: "alphabetical", exclude: ["^build-"] },
      { kind: "alphabetical", pick: "lowest", include: [String.raw`\d$`] },
      {
        kind: "regex",
        pattern: String.raw`^(?P<name>[a-z]*)-?(?P<number>\d+)(?P<rest>.*)$`,
        order: [
          { group: "number", as: "number", pick: "lowest" },
          { group: "name", as: "text" },
        ],
      },
      { kind: "newest" },
      { kind: "newest", by: "tagged", minAge: "1h" },
      { kind: "newest", by: "created", platform: "linux/amd64" },
      { kind: "tag", tag: "latest" },
    ].map((policy) => [JSON.stringify(policy), rules(policy)]),
  ),
};

const HOUR_MS = 3_600_000;
const NOON = Date.parse("2026-11-20T12:00:00Z");
const time = (hour: number): string => new Date(NOON + (hour - 24) * HOUR_MS).toISOString();

const tag = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(11), fc.nat(2)).map((parts) => parts.join(".")),
  fc.tuple(fc.nat(1), fc.constantFrom("rc.1", "rc.2", "rc9", "rc10")).map(([major, rc]) => `${major}.0.0-${rc}`),
  fc.nat(12).map(String),
  fc.nat(12).map((n) => `build-${n}`),
  fc.constantFrom("latest", "main", "v1.2", "007", "1.0.0_b1", "2026-1-30", `sha256-${"a".repeat(64)}.sig`),
);
const hour = fc.nat(23);
const facts = fc.record({
  tags: fc.uniqueArray(tag, { minLength: 1, maxLength: 3 }),
  digest: fc.stringMatching(/^[a-z]{8}$/),
  pushed: fc.option(hour.map(time), { nil: undefined }),
  created: fc.option(hour.map(time), { nil: undefined }),
  tagged: fc.option(hour.map(time), { nil: undefined }),
  platforms: fc.subarray(["linux/amd64", "linux/arm64/v8"]),
  since: fc.constantFrom(0, 50, 100, 110, 120),
  state: fc.constantFrom("admitted", "admitted", "admitted", "rejected", "withdrawn"),
});

/** Images in the order in which they were found, some with times of push and others without. */
const catalogue = fc.uniqueArray(facts, { minLength: 1, maxLength: 8, selector: ({ digest }) => digest }).map((all) =>
  all.map(({ tags, tagged, pushed, created, ...one }, index): CatalogueImage => {
    const [first = ""] = tags;
    return image(tags, {
      ...one,
      found: time(index + 10),
      ...(pushed !== undefined && { pushed }),
      ...(created !== undefined && { created }),
      ...(tagged !== undefined && { tagTimes: { [first]: tagged } }),
    });
  }),
);

const isAdmitted = ({ state }: CatalogueImage): boolean => state === "admitted";

for (const [name, policy] of Object.entries(POLICIES)) {
  const evaluate = (images: readonly CatalogueImage[], more: Partial<EvaluationContext> = {}) =>
    policy.evaluate(images, context(more));

  /** All candidates, the best first: each is the pick without those before it. */
  const ranking = (images: readonly CatalogueImage[]) => {
    const left = new Set(images.filter(isAdmitted));
    const ranked = [];
    for (;;) {
      const { pick } = evaluate(images, { eligible: (one) => left.has(one) });
      if (pick === undefined) return ranked;
      left.delete(pick.image);
      ranked.push(pick);
    }
  };

  describe(`the policy ${name}`, () => {
    test("picks an admitted image, shown by a tag of its own, and says why", () => {
      fc.assert(
        fc.property(catalogue, (images) => {
          const { pick, reason, ambiguous, advice, decidedBy } = evaluate(images);
          assert.match(reason, /^\S.*\S$/);
          assert.equal(ambiguous, advice !== undefined, "it is ambiguous exactly where something can be done about it");
          if (pick === undefined) return assert.equal(decidedBy, "none");
          assert.equal(decidedBy === "none", ambiguous);
          assert.ok(images.includes(pick.image) && isAdmitted(pick.image) && pick.image.tags.includes(pick.tag));
        }),
      );
    });

    test("makes the same of images in any order", () => {
      fc.assert(
        fc.property(catalogue, fc.infiniteStream(fc.nat()), (images, random) => {
          const places = new Map(images.map((one) => [one, random.next().value]));
          const shuffled = [...images].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
          assert.deepEqual(evaluate(shuffled), evaluate(images));
        }),
      );
    });

    test("counts each admitted image once: as a candidate, or by the reason for which it is none", () => {
      fc.assert(
        fc.property(catalogue, (images) => {
          const admitted = images.filter(isAdmitted);
          const { candidates, drops } = evaluate(images);
          const reasons = admitted.map((one) => policy.dropOf(one, context()));
          assert.equal(reasons.filter((reason) => reason === undefined).length, candidates);
          for (const { code, count, examples } of drops) {
            assert.equal(reasons.filter((reason) => reason?.code === code).length, count);
            assert.ok(examples.length > 0 && examples.length <= Math.min(count, 3));
          }
          assert.equal(candidates + drops.reduce((sum, { count }) => sum + count, 0), admitted.length);
        }),
      );
    });

    test("has a total order: the runner-up is picked without the pick, and comparing two candidates agrees", () => {
      fc.assert(
        fc.property(catalogue, fc.boolean(), (images, arePushed) => {
          const { pick, runnerUp, candidates } = evaluate(images);
          const ranked = ranking(images);
          assert.equal(ranked.length, candidates);
          assert.deepEqual([ranked[0], ranked[1]], [pick, runnerUp]);
          // Pairs of images with and without a time of push have less to go by than all images together.
          const alike = images.filter(({ pushed, tagTimes }) =>
            arePushed ? pushed !== undefined : pushed === undefined && tagTimes === undefined,
          );
          const order = ranking(alike);
          for (const [at, better] of order.entries()) {
            assert.equal(policy.compare(better, better, context()), 0);
            for (const worse of order.slice(at + 1)) {
              const sign = policy.kind === "tag" ? 0 : 1;
              assert.equal(Math.sign(policy.compare(better, worse, context()) ?? Number.NaN), sign);
              assert.equal(Math.sign(policy.compare(worse, better, context()) ?? Number.NaN) + sign, 0);
              assert.ok(policy.decisive(better, worse, context()).startsWith(`${better.tag} `));
            }
          }
        }),
      );
    });

    test("keeps its pick beside one more image, unless it picks that", () => {
      fc.assert(
        fc.property(catalogue, (images) => {
          const before = evaluate(images.slice(0, -1)).pick;
          const { pick } = evaluate(images);
          if (pick?.image !== images.at(-1)) assert.deepEqual(pick, before);
        }),
      );
    });

    test("never picks what is denied: by digest, tag or pattern", () => {
      fc.assert(
        fc.property(catalogue, fc.nat(2), (images, how) => {
          const { pick, runnerUp } = evaluate(images);
          if (pick === undefined) return;
          const { digest } = pick.image;
          const names = [
            { digest },
            { version: pick.tag },
            { pattern: `^${pick.tag.replaceAll(".", String.raw`\.`)}$` },
          ];
          const denial: Denial = { id: 7, ...names[how], reason: "it is bad", by: "alice", since: time(1) };
          const without = evaluate(images, { denials: [denial] });
          assert.ok(without.pick?.image !== pick.image);
          if (how === 0) assert.deepEqual(without.pick, runnerUp);
          assert.ok(without.drops.some(({ code }) => code === "denied"));
          const drop = policy.dropOf(pick.image, context({ denials: [denial] }));
          assert.deepEqual(drop, { code: "denied", detail: "alice denied it: it is bad" });
        }),
      );
    });
  });
}
