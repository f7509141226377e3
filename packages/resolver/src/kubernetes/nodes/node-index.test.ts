import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import fc from "fast-check";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import { nodeFinding } from "./finding.ts";
import { createImageReader, type ReportedImage } from "./node-image.ts";
import { MEMORY, NodeIndex } from "./node-index.ts";
import type { Sighting } from "./sighting.ts";

const image = (tag: string, sizeBytes = 1): ReportedImage => ({
  names: [`docker.io/library/executor-ml:${tag}`],
  sizeBytes,
});
const other: ReportedImage = { names: ["registry.k8s.io/pause:3.10"], sizeBytes: 1 };

function setUp(recalled: Readonly<Record<string, Sighting>> = {}, knownNodes: readonly string[] = []) {
  const clock = manualClock();
  const changes: string[] = [];
  let gone = 0;
  const index = new NodeIndex({
    read: createImageReader(parseTemplate(DEFAULT_TEMPLATE)),
    clock,
    recall: (id) => recalled[id],
    knew: (node) => knownNodes.includes(node),
    changed: (type) => changes.push(type),
    gone: () => (gone += 1),
  });
  const tags = (): string[] => index.images("ml").map(({ tag = "" }) => tag);
  const how = (tag: string): string | undefined => index.images("ml").find((one) => one.tag === tag)?.sighting.how;
  return { clock, index, changes, tags, how, goneTimes: () => gone };
}

describe("what arrived, and what was there", () => {
  test("on a node's first report all was there; what a later one adds arrived", () => {
    const { index, how } = setUp();
    index.update("a", [image("1"), other], 10);
    index.update("a", [image("1"), image("2"), other], 20);
    assert.deepEqual([how("1"), how("2")], ["present", "arrived"]);
    assert.deepEqual(
      index.images("ml").map(({ sighting }) => sighting.at),
      [10, 20],
    );
  });

  test("a node that joins brings what was there; what others have already keeps its first sighting", () => {
    const { index, how } = setUp();
    index.update("a", [image("1")], 10);
    index.update("b", [image("1"), image("2")], 20);
    assert.deepEqual([how("1"), how("2")], ["present", "present"]);
    assert.deepEqual([...(index.images("ml")[0]?.holders ?? [])], ["a", "b"]);
  });

  test("earlier watching is remembered: its sightings, and that what is new on its nodes came since", () => {
    const { index, how } = setUp({ "docker.io/library/executor-ml:1#1": { how: "arrived", at: 3 } }, ["a"]);
    index.update("a", [image("1"), image("2")], 10);
    index.update("b", [image("3")], 10);
    assert.deepEqual([how("1"), how("2"), how("3")], ["arrived", "arrived", "present"]);
    assert.equal(index.images("ml")[0]?.sighting.at, 3);
  });

  test("what a node first reports after it joined in silence was there", () => {
    const { index, how } = setUp();
    index.update("a", [image("1")], 10);
    index.update("b", [], 20);
    index.update("b", [image("old")], 30);
    index.update("b", [image("old"), image("2")], 40);
    assert.deepEqual([how("old"), how("2")], ["present", "arrived"]);
    assert.deepEqual([...index.reporting()], ["a", "b"]);
  });

  test("time goes on where clocks do not", () => {
    const { index } = setUp();
    assert.equal(index.moment(5), 5);
    index.update("a", [image("1")], 10);
    assert.deepEqual([index.moment(9), index.moment(10), index.moment(11)], [11, 10, 11]);
    index.adopt(new Map([["of another", { how: "arrived", at: 50 }]]));
    assert.equal(index.moment(12), 51);
  });

  test("what others noted of an image counts, by what it is known by", () => {
    const { index, how } = setUp();
    index.update("a", [image("1"), image("2")], 10);
    const [id = ""] = index.sightings().keys();
    assert.deepEqual([...index.adopt(new Map([[id, { how: "arrived", at: 4 }]]))], ["ml"]);
    assert.deepEqual([how("1"), how("2")], ["arrived", "present"]);
    assert.deepEqual([...index.adopt(index.sightings())], []);
  });

  test("a tag that moved to other content arrives anew", () => {
    const { index, how } = setUp();
    index.update("a", [image("latest", 100)], 10);
    index.update("a", [image("latest", 200)], 20);
    assert.equal(how("latest"), "present");
    assert.equal(index.images("ml").find(({ holders }) => holders.size > 0)?.sighting.how, "arrived");
  });
});

describe("which image is which", () => {
  const tagged = (sizeBytes: number, ...tags: string[]): ReportedImage => ({
    names: tags.map((tag) => `executor-ml:${tag}`),
    sizeBytes,
  });
  const [first, second] = ["a1".repeat(32), "b2".repeat(32)];
  const shown = (index: NodeIndex): unknown =>
    index.images("ml").map(({ name, sighting, holders }) => [name, sighting.how, [...holders].join()]);

  for (const [what, size] of [
    ["of another size", 6],
    ["of the same size", 5],
  ] as const) {
    // With Docker as the runtime a build of Skaffold has two tags; the next one takes the tagger's, and leaves the hash.
    test(`a build that loses its tag to the next, ${what}, is still the old one`, () => {
      const { index } = setUp();
      index.update("a", [tagged(5, "v1.2.3-dirty", first)], 10);
      index.update("a", [tagged(5, first), tagged(size, "v1.2.3-dirty", second)], 20);
      assert.deepEqual(shown(index), [
        [`executor-ml:${first}`, "present", "a"],
        ["executor-ml:v1.2.3-dirty", "arrived", "a"],
      ]);
    });
  }

  test("another tag does not make another image", () => {
    const { index } = setUp();
    index.update("a", [tagged(5, "mmm"), tagged(9, "zzz")], 10);
    index.update("a", [tagged(5, "aaa", "mmm"), tagged(9, "1.0.0", "zzz")], 20);
    assert.deepEqual(shown(index), [
      ["executor-ml:aaa", "arrived", "a"],
      ["executor-ml:1.0.0", "arrived", "a"],
    ]);
  });

  describe("dev-06: content that comes again under another tag", () => {
    const newest = (index: NodeIndex): unknown => {
      const found = nodeFinding("ml", index.images("ml"));
      return [found.candidates[0]?.sizeBytes, found.decidedBy, found.ambiguous];
    };

    test("is newer than what arrived before that", () => {
      const { index } = setUp();
      index.update("a", [tagged(5, "x1")], 10);
      index.update("a", [tagged(5, "x1"), tagged(9, "y1")], 20);
      assert.deepEqual(newest(index), [9, "sighting", false]);
      index.update("a", [tagged(5, "x1", "x2"), tagged(9, "y1")], 30);
      assert.deepEqual(newest(index), [5, "sighting", false]);
      assert.match(nodeFinding("ml", index.images("ml")).reason, /^its tag x2 was seen to arrive on a at .*30Z, after/);
      index.update("a", [tagged(5, "x1"), tagged(9, "y1")], 40);
      assert.deepEqual(newest(index), [9, "sighting", false]);
    });

    test("or under one that it had lost to a newer build", () => {
      const { index } = setUp();
      index.update("a", [tagged(5, "dirty", first)], 10);
      index.update("a", [tagged(5, first), tagged(9, "dirty", second)], 20);
      assert.deepEqual(newest(index), [9, "sighting", false]);
      index.update("a", [tagged(5, "dirty", first), tagged(9, second)], 30);
      assert.deepEqual(newest(index), [5, "sighting", false]);
    });

    test("not when another node only gets it by the tags it has, or shows names that had no room", () => {
      const { index } = setUp();
      const five = ["a", "b", "c", "d", "f"] as const;
      index.update("a", [tagged(5, ...five)], 10);
      index.update("b", [other], 10);
      index.update("a", [tagged(5, ...five), tagged(9, "y1")], 20);
      index.update("b", [other, tagged(5, "a", "b")], 30);
      index.update("a", [tagged(5, "a", "b", "c", "d", "e"), tagged(9, "y1")], 40);
      assert.deepEqual(newest(index), [9, "sighting", false]);
      assert.match(nodeFinding("ml", index.images("ml")).warnings.join(), /no more than 5 names/);
    });

    test("is remembered, and what another watcher noted of it counts", () => {
      const { index } = setUp();
      index.update("a", [tagged(5, "x1")], 10);
      index.update("a", [tagged(5, "x1"), tagged(9, "y1")], 20);
      const late = setUp();
      late.index.update("a", [tagged(5, "x1"), tagged(9, "y1")], 25);
      index.update("a", [tagged(5, "x1", "x2"), tagged(9, "y1")], 30);
      const again = setUp(Object.fromEntries(index.sightings()), ["a"]);
      again.index.update("a", [tagged(5, "x1", "x2"), tagged(9, "y1")], 90);
      assert.deepEqual(newest(again.index), [5, "sighting", false]);
      assert.deepEqual(new Map(again.index.sightings()), new Map(index.sightings()));
      late.index.update("b", [tagged(5, "x1", "x2"), tagged(9, "y1")], 40);
      assert.deepEqual([...late.index.adopt(index.sightings())], ["ml"]);
      assert.deepEqual(newest(late.index), [5, "sighting", false]);
    });
  });

  test("nor does the digest that a push adds", () => {
    const { index } = setUp();
    index.update("a", [tagged(5, "dev")], 10);
    index.update("a", [{ names: [`executor-ml@sha256:${first}`, "executor-ml:dev"], sizeBytes: 5 }], 20);
    assert.deepEqual(shown(index), [[`executor-ml@sha256:${first}`, "present", "a"]]);
  });

  test("nodes that know an image by different names hold the same one, and run it by a name they share", () => {
    const { index } = setUp();
    index.update("a", [tagged(5, "mmm")], 10);
    index.update("b", [tagged(5, "1.0.0", "mmm")], 10);
    assert.deepEqual(shown(index), [["executor-ml:mmm", "present", "a,b"]]);
    assert.deepEqual(
      index.holders("ml", (name) => name.endsWith(":1.0.0")),
      ["b"],
    );
    index.remove("a");
    assert.deepEqual(shown(index), [["executor-ml:1.0.0", "present", "b"]]);
  });

  test("a name that moved on is the old image's no longer", () => {
    const { index } = setUp();
    const pulled = (hash: string, ...tags: string[]): ReportedImage => ({
      names: [`r.io/executor-ml@sha256:${hash}`, ...tags.map((tag) => `r.io/executor-ml:${tag}`)],
      sizeBytes: 5,
    });
    index.update("a", [pulled(first, "dev")], 10);
    index.update("b", [pulled(first)], 10);
    index.update("a", [pulled(first), pulled(second, "dev")], 20);
    assert.deepEqual(
      index.holders("ml", (name) => name.endsWith(":dev")),
      ["a"],
    );
    assert.deepEqual(
      index.images("ml").map(({ allNames, sighting }) => [allNames.size, sighting.how]),
      [
        [1, "present"],
        [2, "arrived"],
      ],
    );
  });

  test("whatever was reported before, a report stands as it is, and repeating it changes nothing", () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.constantFrom("dev", "latest", "1.0.0", "2.0.0", "aaa", first, second).map((tag) => `executor-ml:${tag}`),
        fc.constantFrom(first, second).map((hash) => `executor-ml@sha256:${hash}`),
      ),
      { maxLength: 9 },
    );
    // On a node, a name belongs to one image.
    const report = fc
      .tuple(names, fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { minLength: 9, maxLength: 9 }))
      .map(([all, places]) =>
        [0, 1, 2, 3]
          .map((place) => ({
            names: all.filter((_, index) => places[index]?.[0] === place),
            sizeBytes: places[place]?.[1] ?? 0,
          }))
          .filter((one) => one.names.length > 0),
      );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), report), { minLength: 1, maxLength: 6 }), (reports) => {
        const { index, changes } = setUp();
        const last = new Map<string, readonly ReportedImage[]>();
        for (const [at, [node, images]] of reports.entries()) {
          if (images.length === 0) continue;
          last.set(node, images);
          index.update(node, images, at);
          changes.length = 0;
          index.update(node, images, at + 100);
          assert.deepEqual(changes, []);
        }
        for (const [node, images] of last) {
          for (const one of images.flatMap(({ names: own }) => own ?? []))
            assert.ok(index.holders("ml", (name) => name === one).includes(node));
        }
        const held = index.images("ml").filter(({ holders }) => holders.size > 0);
        assert.ok(held.length >= Math.max(...[...last.values()].map(({ length }) => length), 0));
        for (const { name, allNames } of held) assert.ok(allNames.has(name));
      }),
    );
  });

  test("two that could each be the one before: the one that kept its best name is", () => {
    const { index, how } = setUp();
    index.update("a", [tagged(5, "1.0.0", "dev")], 10);
    index.update("a", [tagged(5, "dev"), tagged(5, "1.0.0")], 20);
    assert.deepEqual([how("1.0.0"), how("dev")], ["present", "arrived"]);
  });
});

describe("what is gone", () => {
  test("a node that reports nothing has not looked yet, and keeps what it had", () => {
    const { index, changes, tags } = setUp();
    index.update("a", [image("1")], 10);
    changes.length = 0;
    index.update("a", [], 20);
    assert.deepEqual([tags(), changes], [["1"], []]);
  });

  test("an image without a node stays for ten minutes, and is itself again when it comes back", async () => {
    const { index, clock, tags, goneTimes } = setUp();
    index.update("a", [image("1")], clock.now());
    index.remove("a");
    assert.deepEqual([tags(), goneTimes(), index.images("ml")[0]?.holders.size], [["1"], 1, 0]);
    await clock.advance(MEMORY - 1);
    index.sweep();
    index.update("a", [image("1")], clock.now());
    assert.deepEqual(
      index.images("ml").map(({ sighting, goneAt, holders }) => [sighting.how, goneAt, holders.size]),
      [["present", undefined, 1]],
    );
    index.update("a", [other], clock.now());
    await clock.advance(MEMORY);
    index.sweep();
    assert.deepEqual([tags(), [...index.types()]], [[], []]);
  });

  test("removing a node nobody knows does nothing", () => {
    const { index, changes } = setUp();
    index.remove("a");
    assert.deepEqual(changes, []);
  });
});

test("nobody is told when nothing changed, and nothing is kept of other images", () => {
  const { index, changes } = setUp();
  index.update("a", [image("1"), other], 10);
  changes.length = 0;
  index.update("a", [other, image("1")], 20);
  index.update("a", [image("1"), other, { names: ["other:2"], sizeBytes: 5 }], 30);
  assert.deepEqual(changes, []);
  assert.deepEqual([...index.types()], ["ml"]);
});

test("reports are counted for the doctor", () => {
  const { index } = setUp();
  const imported = { names: [`docker.io/library/import-2026-11-23@sha256:${"0".repeat(64)}`], sizeBytes: 1 };
  index.update("a", [image("1"), imported, { names: null, sizeBytes: 1 }], 10);
  assert.deepEqual(index.counts(), [{ name: "a", images: 3, nameless: 1 }]);
});
