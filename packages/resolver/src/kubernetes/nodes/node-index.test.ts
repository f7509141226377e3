import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
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

  test("a tag that moved to other content arrives anew", () => {
    const { index, how } = setUp();
    index.update("a", [image("latest", 100)], 10);
    index.update("a", [image("latest", 200)], 20);
    assert.equal(how("latest"), "present");
    assert.equal(index.images("ml").find(({ holders }) => holders.size > 0)?.sighting.how, "arrived");
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
