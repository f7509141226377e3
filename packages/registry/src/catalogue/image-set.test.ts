import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import { Recent } from "../model/recent.ts";
import { ImageSet } from "./image-set.ts";
import type { CatalogueImage } from "./state.ts";

const digestOf = (nth: number): Digest => `sha256:${String(nth).padStart(64, "0")}`;

function image(nth: number, more: Partial<CatalogueImage> = {}): CatalogueImage {
  return {
    repository: repositoryNamed(`registry.test/team-${nth % 2}/executor-ml`),
    digest: digestOf(nth),
    tags: [`1.${nth}.0`, "latest"],
    source: "builds",
    state: "admitted",
    verdicts: [{ check: "runnable", state: "passed", reason: "it is a container image", fingerprint: "f" }],
    found: "2026-11-26T00:00:00.000Z",
    since: nth - 10,
    sequence: nth,
    details: {
      mediaType: "m",
      platforms: ["linux/amd64"],
      sizeBytes: 1_000_000 + nth,
      // It names another image, as base images' labels do.
      labels: {
        "org.opencontainers.image.base.digest": digestOf(nth + 1),
        "org.opencontainers.image.title": `line\n"${nth}"`,
      },
    },
    ...more,
  };
}

/** A set with these images, packed and given to another. */
function repacked(images: readonly CatalogueImage[]): ImageSet {
  const set = setOf(images);
  return new ImageSet(unlimited(), set.packed);
}

function setOf(images: readonly CatalogueImage[], recent = unlimited()): ImageSet {
  const set = new ImageSet(recent);
  for (const one of images) set.put(one);
  return set;
}

const unlimited = (limit = Infinity): Recent<ImageSet> => new Recent(limit, (set) => set.pack());

/** Repository by repository. */
const sorted = (images: Iterable<CatalogueImage>): readonly CatalogueImage[] =>
  [...images].sort((a, b) => a.sequence - b.sequence);

describe("images that are packed", () => {
  const images = [
    ...Array.from({ length: 20 }, (_, nth) => image(nth)),
    image(20, { state: "withdrawn", withdrawn: { at: "2026-11-26T01:00:00.000Z", reason: "gone" } }),
    image(21, { pushed: "2026-11-25T00:00:00.000Z", tags: [] }),
    image(22, { state: "pending", verdicts: [{ check: "runnable", state: "pending", reason: "not read" }] }),
  ];
  const { details: _, ...undescribed } = image(23);
  const all = [...images, undescribed];

  test("are what they were, in their order", () => {
    assert.deepEqual([...repacked(all)], [...setOf(all)]);
    assert.equal(repacked(all).size, all.length);
  });

  test("are found one by one, and by repository", () => {
    const set = repacked(all);
    for (const one of all) assert.deepEqual(set.get(one.repository.name, one.digest), one);
    assert.equal(set.get("registry.test/team-1/executor-ml", digestOf(0)), undefined, "it is in the other repository");
    assert.equal(set.get("registry.test/team-0/executor-ml", digestOf(99)), undefined);
    const even = all.filter(({ sequence }) => sequence % 2 === 0);
    assert.deepEqual([...set.of("registry.test/team-0/executor-ml").values()], even);
  });

  test("of several repositories may have one digest", () => {
    const twice = [image(0), image(0, { repository: repositoryNamed("mirror.test/executor-ml"), sequence: 1 })];
    const set = repacked(twice);
    for (const one of twice) assert.deepEqual(set.get(one.repository.name, one.digest), one);
  });

  test("say where they are and what the checks answered", () => {
    const set = repacked(all);
    assert.deepEqual(set.holders, setOf(all).holders);
    const answers = (from: ImageSet) => new Set([...from.verdicts()].map((verdicts) => JSON.stringify(verdicts)));
    assert.deepEqual(answers(set), answers(setOf(all)));
    const own = images.map((one, nth) => ({
      ...one,
      verdicts: [{ check: "c", state: "failed", reason: `${nth}` }] as const,
    }));
    assert.deepEqual(answers(repacked(own)), answers(setOf(own)), "where each has its own");
  });

  test("can be changed", () => {
    const set = repacked(all);
    const tagged = { ...image(3), tags: ["3"] };
    set.put(tagged);
    set.put(image(30));
    const expected = all.map((one) => (one.digest === tagged.digest ? tagged : one)).concat(image(30));
    assert.deepEqual(sorted(set), sorted(expected));
    assert.deepEqual(sorted(repacked([...set])), sorted(expected));
    assert.equal(set.size, all.length + 1);
  });

  test("none at all", () => {
    assert.deepEqual([...repacked([])], []);
    assert.equal(repacked([]).get("registry.test/executor-ml", digestOf(0)), undefined);
  });
});

test("sets that were not changed lately are packed, and know the same", () => {
  const packed = new Set<ImageSet>();
  const recent = new Recent<ImageSet>(5, (set) => {
    packed.add(set);
    set.pack();
  });
  const [first, second, third] = [2, 3, 1].map((count) =>
    setOf(
      Array.from({ length: count }, (_, nth) => image(nth)),
      recent,
    ),
  );
  assert.ok(first && second && third);
  assert.deepEqual([...packed], [first], "six images are too many");
  assert.deepEqual([...first], [image(0), image(1)]);
  first.put(image(2));
  assert.deepEqual([...packed], [first, second], "which was not changed for longest");
  assert.equal(first.size, 3);
  assert.deepEqual(second.get(image(2).repository.name, digestOf(2)), image(2));
});
