import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Digest, silentLogger, systemClock } from "@executor-registry/resolver";
import { memoryStore } from "@executor-registry/registry/internal";
import type { Change } from "../model/change.ts";
import { Catalogue } from "./catalogue.ts";
import type { CatalogueType } from "./state.ts";

const REPOSITORY = "registry.test/executor-ml";
const digestOf = (character: string): Digest => `sha256:${character.repeat(64)}`;
const about = (character: string) => ({ type: "ml", repository: REPOSITORY, digest: digestOf(character) });
const served = (character: string, version: string, revision: number): Change => {
  return { kind: "version-served", ...about(character), version, revision, decidedBy: "policy", rules: "f" };
};

describe("what decides which version is current", () => {
  let store: ReturnType<typeof memoryStore>;

  beforeEach(() => {
    store = { ...memoryStore(), close: async () => {} };
  });

  const open = () => Catalogue.open({ store, rank: () => 0, clock: systemClock, log: silentLogger });

  /** What a type is like after some changes, after a start from the snapshot, and after a replay of the whole journal. */
  async function typeAfter(...changes: readonly Change[]): Promise<CatalogueType> {
    const catalogue = await open();
    for (const change of changes) await catalogue.record("alice", () => [{ reason: "as the test says", change }]);
    const { images: _, ...written } = catalogue.type("ml") ?? assert.fail();
    await catalogue.close();
    const restored = await open();
    const { images: __, ...read } = restored.type("ml") ?? assert.fail();
    assert.deepEqual(read, written);
    const replaying = { ...store, loadSnapshot: async () => undefined, saveSnapshot: async () => {} };
    const log = silentLogger;
    const replayed = await Catalogue.open({ store: replaying, rank: () => 0, clock: systemClock, log });
    const type = replayed.type("ml") ?? assert.fail();
    const { images: ___, ...folded } = type;
    assert.deepEqual(folded, written);
    return type;
  }

  test("a pin has its reason, by whom it was made, and since when; an unpin removes it", async () => {
    const pin: Change = { kind: "version-pinned", ...about("a"), version: "1.0.0", mode: "pin" };
    const { since, ...pinned } = (await typeAfter(pin)).pin ?? assert.fail();
    const record = { repository: REPOSITORY, digest: digestOf("a"), version: "1.0.0", mode: "pin" };
    assert.deepEqual(pinned, { ...record, by: "alice", reason: "as the test says" });
    assert.ok(Date.parse(since) <= Date.now());
    assert.equal((await typeAfter({ kind: "version-unpinned", type: "ml" })).pin, undefined);
  });

  test("a denial is lifted by the sequence of its entry", async () => {
    const denials = await typeAfter(
      { kind: "version-denied", type: "ml", version: "1.16.13", digests: [digestOf("a")] },
      { kind: "version-denied", type: "ml", pattern: "^rc" },
      { kind: "version-allowed", type: "ml", denial: 1 },
    );
    assert.deepEqual(
      denials.denials.map(({ id, pattern, by }) => [id, pattern, by]),
      [[2, "^rc", "alice"]],
    );
  });

  test("the last hundred versions are kept, in order; the journal has all", async () => {
    const many = Array.from({ length: 103 }, (_, index) => served("a", `1.0.${index}`, index + 1));
    const { revisions, selected } = await typeAfter(...many);
    assert.deepEqual(
      [revisions.length, revisions[0]?.version, revisions.at(-1)?.version, selected],
      [100, "1.0.3", "1.0.102", 103],
    );
  });

  test("a version that something else decides from now on keeps why, and by whom, it began", async () => {
    const pinned = { ...served("a", "1.0.0", 1), decidedBy: "pin", by: "alice" } as const;
    const { revisions } = await typeAfter(pinned, served("a", "1.0.0", 1), served("b", "1.1.0", 2));
    assert.deepEqual(
      revisions.map(({ revision, decidedBy, nowDecidedBy }) => [revision, decidedBy, nowDecidedBy]),
      [
        [1, "pin", "policy"],
        [2, "policy", undefined],
      ],
    );
  });

  test("a tag that moves again is known by the image that it named first", async () => {
    const moved = (to: string, from: string): Change => {
      return { kind: "tag-moved", ...about(to), tag: "1.0.0", from: digestOf(from) };
    };
    const { movedTags } = await typeAfter(moved("b", "a"), moved("c", "b"));
    assert.deepEqual(movedTags, [{ repository: REPOSITORY, tag: "1.0.0", from: digestOf("a") }]);
  });
});
