import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { EMPTY_HEAD, verifyChain } from "../../journal/chain.ts";
import type { Entry, JournalFilter, SnapshotPart } from "../../journal/entry.ts";
import type { Store } from "../../journal/store.ts";
import { sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { memoryStore } from "../memory.ts";
import { redisPlace } from "../testing/redis-place.ts";

const COUNT = 20_000;
const TYPES = ["ml", "nlp", "half \ud83d", "", "Ω"];
const ACTORS = ["source:a", "source:b", "user:alice", "\u0000"];
const KINDS = ["image-tagged", "type-claimed"];

describe("a Redis store with many entries", { skip: noRedisServer }, () => {
  let server: RedisServer;
  before(async () => void (server = await startRedisServer()));
  after(() => server[Symbol.asyncDispose]());

  test("lists by any filters what a store in memory lists", async () => {
    const place = redisPlace(server.host);
    const [store, model] = [await place.open(), memoryStore()];
    const entries: Entry[] = [];
    const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23) + minute * 60_000).toISOString();
    for (let batch = 0; entries.length < COUNT; batch += 1) {
      const drafts = Array.from({ length: 400 }, (_, nth) => {
        const draft = tagged(picked(TYPES, nth * 7 + batch), String(nth), picked(ACTORS, nth + (nth >> 3)));
        // One in a hundred: a walk of the wrong filter would be long.
        return nth % 100 === 7 ? { ...draft, change: { ...draft.change, kind: "type-claimed" } } : draft;
      });
      const head = headOf(entries);
      const next = sealedAfter(head, drafts, at(batch >> 1));
      for (const one of [store, model]) await one.append(head, next);
      entries.push(...next);
    }
    const sequence = fc.integer({ min: 0, max: COUNT + 2 });
    const minute = fc.integer({ min: -1, max: 30 }).map(at);
    const repository = TYPES.map((type) => `registry.test/team/executor-${type}`);
    const filters = fc.record(
      {
        type: fc.constantFrom(...TYPES, "none"),
        kind: fc.constantFrom(...KINDS),
        actor: fc.constantFrom(...ACTORS),
        repository: fc.constantFrom(...repository),
        from: minute,
        until: minute,
        before: sequence,
        after: sequence,
        limit: fc.integer({ min: 1, max: 60 }),
      },
      { requiredKeys: ["limit"] },
    );
    const listed = async (one: Store, filter: JournalFilter): Promise<number[]> =>
      (await one.list(filter)).map(({ sequence }) => sequence);
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        assert.deepEqual(await listed(store, filter), await listed(model, filter));
      }),
      { numRuns: 300 },
    );
    const rare = { kind: "type-claimed", actor: "user:alice", limit: COUNT };
    assert.deepEqual(await store.list(rare), await model.list(rare));
    await store.close();
  });

  test("takes a hundred thousand entries at once", async () => {
    const store = await redisPlace(server.host).open();
    const drafts = Array.from({ length: 100_000 }, (_, at) => tagged(`type-${at}`, String(at)));
    const entries = sealedAfter(EMPTY_HEAD, drafts);
    await store.append(EMPTY_HEAD, entries);
    await store.append(EMPTY_HEAD, entries);
    let head = EMPTY_HEAD;
    while (head.sequence < entries.length) {
      const page = await store.read(head.sequence, 20_000);
      assert.ok(page.length > 0);
      head = verifyChain(page, head);
    }
    assert.deepEqual(head, headOf(entries));
    assert.deepEqual(await store.list({ type: "type-99999", limit: 5 }), entries.slice(-1));
    await store.close();
  });

  test("takes an entry of ten megabytes and its neighbours", async () => {
    const store = await redisPlace(server.host).open();
    const sizes = [10, 10 << 20, 10, 3 << 20, 10];
    const entries = sealedAfter(
      EMPTY_HEAD,
      sizes.map((size, at) => ({ ...tagged("ml", String(at)), reason: "Ω".repeat(size / 2) })),
    );
    await store.append(EMPTY_HEAD, entries);
    const read: Entry[] = [];
    while (read.length < entries.length) read.push(...(await store.read(read.length, 100)));
    assert.deepEqual(read, entries);
    assert.deepEqual(await store.head(), headOf(entries));
    await store.close();
  });

  test("keeps snapshots of tens of megabytes, with keys and texts of any characters", async () => {
    const store = await redisPlace(server.host).open();
    const odd = ["", "\u0000", "\ud83d", "\udc00", "=", '"', "=\ud83d", "Ω", "__proto__", "\ufeff"];
    const parts = [
      ...odd.map((key) => ({ key, text: `${key}\n${key}` })),
      ...Array.from({ length: 2000 }, (_, at) => ({ key: `type-${at}`, text: `${at}`.repeat(4000) })),
    ];
    const head = { sequence: 5, hash: "5".repeat(64) };
    await store.saveSnapshot({ head, format: 1, parts: parts.length }, parts, true);
    const loaded: SnapshotPart[] = [];
    const snapshot = await store.loadSnapshot((part) => void loaded.push(part), 1);
    assert.deepEqual(snapshot, { head, format: 1, parts: parts.length });
    const byKey = (all: readonly SnapshotPart[]) => new Map(all.map(({ key, text }) => [key, text]));
    assert.equal(loaded.length, parts.length);
    assert.deepEqual(byKey(loaded), byKey(parts));
    await store.close();
  });
});

const picked = (all: readonly string[], nth: number): string => all[nth % all.length] ?? "";

const headOf = (entries: readonly Entry[]) => {
  const { sequence, hash } = entries.at(-1) ?? EMPTY_HEAD;
  return { sequence, hash };
};
