import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import type { CatalogueImage } from "../catalogue/state.ts";
import { makeVersionPolicies } from "./policies.ts";

const REPOSITORY = "registry.test/executor-ml";
const FIRST_LOOK_ENDED = 100;
const time = fc
  .date({ min: new Date("1970-01-01"), max: new Date("2026-11-23"), noInvalidDate: true })
  .map((date) => date.toISOString());
const tag = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(12), fc.nat(3)).map((parts) => parts.join(".")),
  fc.constantFrom("latest", "main", "1.4.0-abc1234"),
);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`);
const image = fc.record({
  digest,
  tags: fc.uniqueArray(tag, { maxLength: 3 }),
  created: time,
  pushed: time,
  found: time,
});

/** Admitted images of one repository, found by one look or several, in a registry that reports times of push or does not. */
const versions = fc
  .tuple(
    fc.boolean(),
    fc.uniqueArray(fc.tuple(image, fc.boolean(), fc.nat(2 * FIRST_LOOK_ENDED)), {
      minLength: 1,
      maxLength: 8,
      selector: ([{ digest }]) => digest,
    }),
  )
  .map(([reportsPushes, images]) =>
    images.map(([{ digest, tags, created, pushed, found }, isDated, since], sequence): CatalogueImage => {
      const details = { mediaType: "m", platforms: [], labels: {}, ...(isDated && { created }) };
      const seen = { source: "s", state: "admitted", verdicts: [], found, since, added: found, sequence } as const;
      return {
        repository: repositoryNamed(REPOSITORY),
        digest,
        tags,
        details,
        ...(reportsPushes && { pushed }),
        ...seen,
      };
    }),
  );

const rules = makeVersionPolicies({ policies: [] }).of("ml");

function evaluate(images: readonly CatalogueImage[], complete: boolean) {
  const reads = {
    repository: repositoryNamed(REPOSITORY),
    source: "s",
    firstComplete: FIRST_LOOK_ENDED,
    unread: [],
    unreadTotal: complete ? 0 : 1,
  };
  return rules.evaluate(images, { reads, denials: [], now: 0 });
}

test("the default policy chooses one of the versions, in whatever order they come, and says why", () => {
  fc.assert(
    fc.property(versions, fc.boolean(), (images, complete) => {
      const { pick, decidedBy, reason, ambiguous, advice } = evaluate(images, complete);
      assert.ok(pick && images.includes(pick.image));
      assert.match(reason, /^\S.*\S$/);
      assert.equal(ambiguous, advice !== undefined, "it is ambiguous exactly where something can be done about it");
      assert.equal(ambiguous, decidedBy === "none");
      const turned = evaluate(images.toReversed(), complete);
      assert.deepEqual([turned.pick?.image, turned.reason], [pick.image, reason]);
    }),
  );
});
