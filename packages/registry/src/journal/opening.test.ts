import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { silentLogger } from "@executor-registry/resolver";
import fc from "fast-check";
import type { Store } from "./store.ts";
import { sqlitePlace } from "../stores/testing/sqlite-place.ts";
import { EMPTY_HEAD } from "./chain.ts";
import type { SnapshotHead, SnapshotPart } from "./entry.ts";
import { openJournal } from "./journal.ts";
import { saveParts } from "./snapshot.ts";
import { journalOf, sealedAfter, tagged, toyFold } from "./testing/toy.ts";

const clock = { now: () => Date.UTC(2026, 10, 23), sleep: async () => undefined };

/** Opens a journal, and counts what it warns of, reads and applies. */
async function opened(store: Store, snapshotEvery?: number) {
  const warnings: unknown[] = [];
  let applied = 0;
  const journal = await openJournal({
    store,
    fold: { ...toyFold, apply: (state, entry) => (applied++, toyFold.apply(state, entry)) },
    clock,
    log: {
      ...silentLogger,
      warn: (fields: { problem?: unknown; err?: unknown }) => warnings.push(fields.problem ?? fields.err),
    },
    ...(snapshotEvery === undefined ? {} : { snapshotEvery }),
  });
  return { journal, warnings, applied };
}

/** A store with a journal of ten entries and whatever snapshot. */
async function tenEntries(): Promise<Store> {
  const store = memoryStore();
  await store.append(EMPTY_HEAD, journalOf(10));
  return store;
}

/** The snapshot that a store holds. */
async function stored(store: Store): Promise<{ snapshot: SnapshotHead; parts: readonly SnapshotPart[] }> {
  const parts: SnapshotPart[] = [];
  const snapshot = await store.loadSnapshot((part) => void parts.push(part), 1);
  assert.ok(snapshot);
  return { snapshot, parts: parts.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

describe("opening a journal", () => {
  test("leads to the same state from a snapshot at any place as from the start", async () => {
    const writes = fc.array(fc.tuple(fc.constantFrom("ml", "nlp", "__proto__"), fc.string({ unit: "binary" })));
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 10 }), async (all, snapshotEvery) => {
        const store = memoryStore();
        const { journal } = await opened(store, snapshotEvery);
        for (const [type, tag] of all) await journal.append(() => [tagged(type, tag)]);
        // Snapshots are saved behind appends; this comes behind both.
        await journal.refresh();
        const restored = await opened(store);
        const replayed = await opened({ ...store, loadSnapshot: async () => undefined });
        assert.deepEqual(restored.journal.state, journal.state);
        assert.deepEqual(replayed.journal.state, journal.state);
        assert.deepEqual(restored.journal.head, replayed.journal.head);
        assert.ok(restored.applied < snapshotEvery, `${restored.applied} entries were replayed`);
        assert.deepEqual(restored.warnings, []);
      }),
    );
  });

  test("replays nothing after it was closed properly", async () => {
    const store = await tenEntries();
    await (await opened(store)).journal.close();
    assert.equal((await opened(store)).applied, 0);
  });

  test("ignores a snapshot that is damaged, says so, and has a good one afterwards", async () => {
    const store = await tenEntries();
    const { journal } = await opened(store);
    await journal.close();
    const good = await stored(store);
    const [part, ...others] = good.parts;
    assert.ok(part);
    const changes = [part.text.replace("1.0.7", "1.0.8"), part.text.slice(0, -1), "", "\n"];
    const damaged: readonly (readonly [string, readonly SnapshotPart[]])[] = [
      ...changes.map((text) => ["its checksum does not match", [{ ...part, text }, ...others]] as const),
      ["its checksum does not match", [{ ...part, key: "another" }, ...others]],
      ["it has 6 parts of 7", others],
    ];
    for (const [problem, parts] of damaged) {
      await store.saveSnapshot(good.snapshot, parts, true);
      const again = await opened(store);
      assert.deepEqual(again.warnings, [problem]);
      assert.deepEqual([again.applied, again.journal.state], [10, journal.state]);
      await again.journal.close();
      assert.deepEqual(await stored(store), good);
    }
  });

  test("ignores a snapshot that this release cannot read, or that is of another journal", async () => {
    const store = await tenEntries();
    const { journal } = await opened(store);
    await journal.close();
    const { snapshot, parts } = await stored(store);
    const warned = async (head: SnapshotHead, of: readonly SnapshotPart[]) => {
      await store.saveSnapshot(head, of, true);
      const again = await opened(store);
      assert.deepEqual(again.journal.state, journal.state);
      return String(again.warnings);
    };
    assert.equal(await warned({ ...snapshot, format: 9 }, parts), "it has format 9; this release reads 1");
    const other = memoryStore();
    const xmlFold = { ...toyFold, serialize: () => "<xml/>" };
    await saveParts({ store: other, fold: xmlFold }, { state: journal.state, head: journal.head });
    const xml = await stored(other);
    assert.match(await warned(xml.snapshot, xml.parts), /JSON/);
    const foreign = { ...snapshot, head: { ...snapshot.head, hash: "a".repeat(64) } };
    assert.equal(await warned(foreign, parts), "it was taken of another journal");
  });

  test("saves what has changed since the last snapshot, and nothing else", async () => {
    const store = await tenEntries();
    const saved: string[][] = [];
    const watched: Store = {
      ...store,
      async saveSnapshot(snapshot, parts, complete) {
        const given = [...parts];
        saved.push(given.map(({ key }) => key));
        await store.saveSnapshot(snapshot, given, complete);
      },
    };
    await (await opened(watched)).journal.close();
    const { journal } = await opened(watched);
    await journal.append(() => [tagged("type-3", "2.0.0"), tagged("new", "1")]);
    await journal.close();
    await (await opened(watched)).journal.close();
    assert.deepEqual([saved[0]?.length, ...saved.slice(1)], [7, ["type-3", "new"]]);
    const { applied, journal: again } = await opened(store);
    assert.deepEqual([applied, again.state], [0, journal.state]);
  });

  test("refuses a journal whose end was cut off", async () => {
    const store = await tenEntries();
    await (await opened(store)).journal.close();
    const cut = memoryStore();
    await cut.append(EMPTY_HEAD, journalOf(7));
    const problem = opened({ ...cut, loadSnapshot: store.loadSnapshot });
    await assert.rejects(problem, { code: "broken-journal", sequence: 8, message: /a snapshot was taken at entry 10/ });
  });

  test("goes on without snapshots while they cannot be saved", async () => {
    const full = { ...memoryStore(), saveSnapshot: () => Promise.reject(new Error("full")) };
    const { journal, warnings } = await opened(full, 2);
    for (const tag of ["1", "2", "3"]) await journal.append(() => [tagged("ml", tag)]);
    await journal.close();
    assert.deepEqual(journal.state.get("ml"), ["1", "2", "3"]);
    assert.deepEqual(warnings.map(String), ["Error: full", "Error: full"]);
  });

  const meddlings: Readonly<Record<string, [string, number, RegExp]>> = {
    "was edited": ["UPDATE entries SET entry = replace(entry, '1.0.4', '6.6.6') WHERE sequence = 5", 5, /its hash/],
    "was deleted": ["DELETE FROM entries WHERE sequence = 5", 5, /an entry that says it is number 6/],
    "is no entry": ["UPDATE entries SET entry = '[]' WHERE sequence = 5", 5, /no entry/],
  };
  for (const [what, [sql, sequence, message]] of Object.entries(meddlings)) {
    test(`refuses a SQLite journal in which an entry ${what}, and names it`, async () => {
      await using place = await sqlitePlace();
      const store = await place.open();
      await store.append(EMPTY_HEAD, journalOf(10));
      const meddler = new DatabaseSync(place.file);
      meddler.exec(sql);
      meddler.close();
      await assert.rejects(opened(store), { code: "broken-journal", sequence, message });
      await store.close();
    });
  }

  test("refuses a SQLite file in which a character of an entry rotted, and names the entry", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(10));
    await store.close();
    // Pages that SQLite has split hold leftovers of the text too.
    const bytes = await readFile(place.file, "latin1");
    await writeFile(place.file, bytes.replaceAll('{"sequence":5,', '#"sequence":5,'), "latin1");
    const rotten = await place.open();
    await assert.rejects(opened(rotten), { code: "broken-journal", sequence: 5, message: /not JSON/ });
    await rotten.close();
  });

  test("finds on request what lies before the snapshot, and what was rewritten under its feet", async () => {
    const entries = journalOf(10);
    const store = await tenEntries();
    const { journal } = await opened(store);
    assert.deepEqual(await journal.verify(), journal.head);
    await journal.close();

    const edited = entries.with(3, { ...entries[3]!, reason: "edited" });
    const behind = await opened({ ...store, read: async (after, limit) => edited.slice(after, after + limit) });
    await assert.rejects(behind.journal.verify(), { code: "broken-journal", sequence: 4 });

    const rewritten = [...entries.slice(0, 9), ...sealedAfter(entries[8]!, [tagged("ml", "rewritten")])];
    let now = entries;
    const { journal: running } = await opened({
      ...store,
      read: async (after, limit) => now.slice(after, after + limit),
    });
    now = rewritten;
    await assert.rejects(running.verify(), { code: "broken-journal", sequence: 10 });
    now = entries.slice(0, 6);
    await assert.rejects(running.verify(), { code: "broken-journal", sequence: 7 });
  });

  test("refuses to write on a journal that was rewritten under its feet", async () => {
    const [store, other] = [memoryStore(), memoryStore()];
    let now: Store = store;
    const { journal } = await opened({
      ...store,
      append: (...args) => now.append(...args),
      read: (...args) => now.read(...args),
    });
    await journal.append(() => [tagged("ml", "1"), tagged("ml", "2")]);
    now = other;
    const append = () => journal.append(() => [tagged("ml", "3")]);
    await assert.rejects(append(), { code: "broken-journal", sequence: 1, message: /ends at 0 now/ });
    await other.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("ml", "x"), tagged("ml", "y")]));
    await assert.rejects(append(), { code: "broken-journal", sequence: 2 });
  });
});
