import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageSet } from "../catalogue/image-set.ts";
import { type CatalogueType, emptyType } from "../catalogue/state.ts";
import { Recent } from "../model/recent.ts";
import { digestOf, image, reads, rules } from "../policies/testing/images.ts";
import { choose } from "./current.ts";

const [first, second] = [image("stable", { digest: "A", untagged: true }), image("stable", { digest: "B" })] as const;
const { repository } = first;

/** The tag named the first image and names the second now. */
function moved(): CatalogueType {
  const images = new ImageSet(new Recent(Infinity, () => {}));
  for (const one of [first, second]) images.put(one);
  const movedTags = [{ repository: repository.name, tag: "stable", from: digestOf("A") }];
  return { ...emptyType("ml", images), claims: [{ source: "s", repository: repository.name }], movedTags };
}

for (const [onTagMoved, expected] of [
  ["follow", second],
  ["hold", first],
] as const) {
  for (const policy of [{ kind: "tag", tag: "stable" }, { kind: "newest" }]) {
    test(`a tag that was moved, onTagMoved: ${onTagMoved}, kind: ${policy.kind}`, () => {
      const versions = rules({ ...policy, onTagMoved });
      const grounds = { rules: { onInvalid: "fallback", versions } as const, readsOf: () => reads() };
      const { current, condition } = choose(moved(), grounds);
      assert.equal(current?.image.digest, expected.digest);
      assert.equal(current.version, "stable");
      assert.equal(condition, undefined);
      assert.equal(current.ambiguous, false);
    });
  }
}
