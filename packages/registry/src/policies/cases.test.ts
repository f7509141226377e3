import assert from "node:assert/strict";
import { test } from "node:test";
import type { CatalogueImage } from "../catalogue/state.ts";
import { context, digestOf, image, rules } from "./testing/images.ts";
import { KEY_CASES } from "./testing/key-cases.ts";
import { SEMVER_CASES } from "./testing/semver-cases.ts";
import { TAG_CASES, TIME_CASES } from "./testing/time-cases.ts";

const CASES = [...SEMVER_CASES, ...KEY_CASES, ...TIME_CASES, ...TAG_CASES];

const imagesOf = (images: string | readonly CatalogueImage[]): readonly CatalogueImage[] =>
  typeof images === "string" ? images.split(" ").map((tag) => image(tag)) : images;

for (const { why, policy, images: given, refused, pick, digest, warning, reason } of CASES) {
  test(why, () => {
    if (refused !== undefined) {
      assert.throws(() => rules(policy), refused);
      return;
    }
    const images = imagesOf(given);
    for (const order of [images, images.toReversed()]) {
      const evaluation = rules(policy).evaluate(order, context());
      assert.equal(evaluation.pick?.tag, pick, evaluation.reason);
      if (digest !== undefined) assert.equal(evaluation.pick?.image.digest, digestOf(digest));
      assert.equal(evaluation.ambiguous, evaluation.advice !== undefined);
      if (warning === undefined) assert.deepEqual(evaluation.warnings, []);
      else assert.match(evaluation.warnings.join("\n"), warning);
      if (reason !== undefined) assert.match(evaluation.reason, reason);
    }
  });
}
