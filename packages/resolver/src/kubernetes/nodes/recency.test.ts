import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Aged, newerBy } from "./newer.ts";
import { byLikelihood, newest } from "./recency.ts";
import { mergeSightings, type Sighting } from "./sighting.ts";

const aged = (how: Sighting["how"], at: number, tag = "opaque", podStart?: number): Aged & { id: string } => ({
  sighting: { how, at },
  tag,
  id: `executor-ml:${tag}`,
  ...(podStart !== undefined && { podStart }),
});

describe("by what one image is newer than another", () => {
  const cases: readonly (readonly [what: string, a: Aged, b: Aged, by: string | undefined])[] = [
    ["arrived after one that was present", aged("arrived", 2), aged("present", 1), "sighting"],
    ["arrived after one that arrived", aged("arrived", 2), aged("arrived", 1), "sighting"],
    ["arrived at the same time", aged("arrived", 1), aged("arrived", 1), undefined],
    ["present only later, as on a node that joined", aged("present", 9), aged("arrived", 1), undefined],
    ["present both", aged("present", 1), aged("present", 1), undefined],
    ["arrival against tags", aged("arrived", 2, "1.0.0"), aged("present", 1, "2.0.0"), "sighting"],
    ["a later time in the tag", aged("present", 1, "20261123"), aged("present", 1, "20261122"), "tag-time"],
    ["a higher version in the tag", aged("present", 1, "1.10.0"), aged("present", 1, "1.9.0"), "tag-version"],
    [
      "a date in the form of a version against one",
      aged("present", 1, "2026.11.23"),
      aged("present", 1, "1.9.0"),
      undefined,
    ],
    ["a time against a version", aged("present", 1, "20261123"), aged("present", 1, "1.9.0"), undefined],
    ["a later pod", aged("present", 1, "x", 20), aged("present", 1, "y", 10), "pod-start"],
    ["a pod against none", aged("present", 1, "x", 20), aged("present", 1, "y"), undefined],
    ["versions against pods", aged("present", 1, "1.1.0", 10), aged("present", 1, "1.0.0", 20), "tag-version"],
  ];
  for (const [what, a, b, by] of cases) {
    test(what, () => {
      assert.equal(newerBy(a, b), by);
      if (by) assert.equal(newerBy(b, a), undefined);
    });
  }
});

describe("the newest", () => {
  test("is newer than all others, by the weakest evidence that took", () => {
    const images = [aged("present", 1, "1.0.0"), aged("present", 1, "1.2.0"), aged("present", 1, "1.1.0")];
    assert.deepEqual(newest(images), { image: images[1], by: "tag-version" });
    const arrived = aged("arrived", 5, "0.1.0");
    assert.deepEqual(newest([...images, arrived]), { image: arrived, by: "sighting" });
    assert.equal(newest([...images, aged("present", 1, "opaque")]), undefined);
  });

  test("is nobody where evidence runs in a circle", () => {
    const a = aged("arrived", 9, "0.1.0", 1);
    const b = aged("present", 8, "0.2.0", 2);
    const c = aged("present", 10, "20261123", 3);
    // a arrived after b; nothing orders b and c but pods; c cannot be ordered against a's arrival, but its pod is later.
    assert.equal(newerBy(a, b), "sighting");
    assert.equal(newerBy(c, b), "pod-start");
    assert.equal(newerBy(c, a), "pod-start");
    assert.equal(newest([a, b, c])?.image, c);
    const circle = [aged("arrived", 2, "1.0.0", 1), aged("present", 1, "2.0.0"), aged("present", 2, "1.5.0", 2)];
    assert.equal(newest(circle), undefined);
  });

  test("a single one needs no evidence, and none has none", () => {
    assert.equal(newest([aged("present", 1)])?.by, "only-candidate");
    assert.equal(newest([]), undefined);
  });

  const sighting = fc.record(
    { how: fc.constantFrom("arrived" as const, "present" as const), at: fc.nat(4) },
    { noNullPrototype: true },
  );
  const any = fc
    .tuple(
      sighting,
      fc.constantFrom("1.0.0", "1.1.0", "20261122", "20261123", "latest", "x", "y"),
      fc.option(fc.nat(3)),
    )
    .map(([{ how, at }, tag, podStart]) => aged(how, at, tag, podStart ?? undefined));

  test("does not depend on the order they come in, and beats every other", () => {
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 6 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (images, random) => {
          const shuffled = images.map((image) => ({ image, at: random.next().value })).sort((a, b) => a.at - b.at);
          const [one, two] = [newest(images), newest(shuffled.map(({ image }) => image))];
          assert.equal(one?.image, two?.image);
          for (const image of one ? images : []) assert.ok(image === one?.image || newerBy(one?.image ?? image, image));
        },
      ),
    );
  });

  test("of two images at most one is newer", () => {
    fc.assert(fc.property(any, any, (a, b) => assert.ok(!newerBy(a, b) || !newerBy(b, a))));
  });
});

test("without evidence latest stands last, then what ran last stands first, then names decide", () => {
  const images = [
    aged("present", 1, "latest", 9),
    aged("present", 1, "a"),
    aged("present", 1, "b"),
    aged("present", 1, "c", 5),
  ];
  assert.deepEqual(
    [...images].sort(byLikelihood).map(({ tag }) => tag),
    ["c", "b", "a", "latest"],
  );
});

test("without evidence too the order does not depend on the one they come in", () => {
  const any = fc
    .tuple(
      fc.constantFrom("arrived" as const, "present" as const),
      fc.nat(3),
      fc.constantFrom("1.0.0", "1.1.0", "20261122", "20261123", "latest", "x", "y"),
      fc.option(fc.nat(3)),
      fc.nat(1),
    )
    .map(([how, at, tag, start, size]) => ({ ...aged(how, at, tag, start ?? undefined), id: `${tag}#${size}` }));
  fc.assert(
    fc.property(
      fc
        .uniqueArray(any, { maxLength: 6, selector: ({ id }) => id })
        .chain((images) => fc.tuple(fc.constant(images), fc.shuffledSubarray(images, { minLength: images.length }))),
      ([images, shuffled]) => assert.deepEqual(images.toSorted(byLikelihood), shuffled.toSorted(byLikelihood)),
    ),
  );
});

test("sightings merge the same in any order, however often", () => {
  const sighting = fc.record(
    { how: fc.constantFrom("arrived" as const, "present" as const), at: fc.nat(9) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(sighting, sighting, sighting, (a, b, c) => {
      assert.deepEqual(mergeSightings(a, b), mergeSightings(b, a));
      assert.deepEqual(mergeSightings(mergeSightings(a, b), c), mergeSightings(a, mergeSightings(b, c)));
      assert.deepEqual(mergeSightings(a, a), a);
    }),
  );
  assert.deepEqual(mergeSightings({ how: "present", at: 1 }, { how: "arrived", at: 2 }), { how: "arrived", at: 2 });
});
