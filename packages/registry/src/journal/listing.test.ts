import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { memoryStore } from "@executor-registry/registry/internal";
import { silentLogger } from "@executor-registry/resolver";
import { sqlitePlace } from "../stores/testing/sqlite-place.ts";
import { EMPTY_HEAD } from "./chain.ts";
import type { Entry, JournalFilter } from "./entry.ts";
import { openJournal } from "./journal.ts";
import { listVerified } from "./listing.ts";
import type { Store } from "./store.ts";
import { journalOf, sealedAfter, tagged, toyFold } from "./testing/toy.ts";

const clock = { now: () => Date.UTC(2026, 10, 23), sleep: async () => undefined };

/** A journal in SQLite that is open while `sql` changes its file. */
async function meddled(sql: string | undefined, entries: readonly Entry[] = journalOf(50)) {
  const place = await sqlitePlace();
  const store = await place.open();
  await store.append(EMPTY_HEAD, entries);
  const said: object[] = [];
  const log = { ...silentLogger, error: (fields: object) => void said.push(fields) };
  const journal = await openJournal({ store, fold: toyFold, clock, log });
  if (sql !== undefined) {
    const meddler = new DatabaseSync(place.file);
    meddler.exec(sql);
    meddler.close();
  }
  return {
    journal,
    said,
    async [Symbol.asyncDispose]() {
      await store.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Another's entry in place of the tenth, sealed as if it had been written. */
function forged(): string {
  const entries = journalOf(9);
  const { sequence, hash } = entries[8]!;
  const [entry] = sealedAfter({ sequence, hash }, [tagged("type-2", "6.6.6", "source:mallory")]);
  return `UPDATE entries SET entry = '${JSON.stringify(entry)}' WHERE sequence = 10`;
}

describe("a listing of a journal", () => {
  const damages: Readonly<Record<string, readonly [sql: string, sequence: number, filter?: Partial<JournalFilter>]>> = {
    "a flipped character": ["UPDATE entries SET entry = replace(entry, '1.0.9', '1.0.8') WHERE sequence = 10", 10],
    "another source's name": ["UPDATE entries SET entry = replace(entry, ':toy', ':mallory') WHERE sequence = 10", 10],
    "an entry sealed anew": [forged(), 11],
    "an entry sealed anew, alone on its page": [forged(), 11, { before: 11, limit: 1 }],
    "an entry sealed anew, found by a filter": [forged(), 11, { actor: "source:mallory" }],
    "a deleted middle row": ["DELETE FROM entries WHERE sequence = 10", 10],
    "a deleted row, beside what a filter finds": ["DELETE FROM entries WHERE sequence = 10", 10, { type: "type-3" }],
    "a deleted last row": ["DELETE FROM entries WHERE sequence = 50", 50],
    "the first entry sealed anew": [
      `UPDATE entries SET entry = '${JSON.stringify(sealedAfter(EMPTY_HEAD, [tagged("x", "1")])[0])}' WHERE sequence = 1`,
      2,
    ],
    "an entry in another's place": [
      "UPDATE entries SET entry = (SELECT entry FROM entries WHERE sequence = 9) WHERE sequence = 10",
      10,
    ],
    "a deleted middle row, in the order of writing": ["DELETE FROM entries WHERE sequence = 10", 10, { after: 0 }],
    "a deleted first row of a page": ["DELETE FROM entries WHERE sequence = 10", 10, { after: 9 }],
    "a deleted last row, in the order of writing": ["DELETE FROM entries WHERE sequence = 50", 50, { after: 40 }],
    "nothing but deleted rows": ["DELETE FROM entries WHERE sequence > 40", 41, { after: 40 }],
    "an entry sealed anew, in the order of writing": [forged(), 11, { after: 9 }],
    "no JSON": ["DROP INDEX entries_at; UPDATE entries SET entry = '{}' WHERE sequence = 10", 10],
  };
  for (const [name, [sql, sequence, filter = {}]] of Object.entries(damages)) {
    test(`red-10: ${name} is an error that names the entry, and is remembered`, async () => {
      await using here = await meddled(sql);
      const listing = here.journal.list({ limit: 100, ...filter });
      await assert.rejects(listing, { code: "broken-journal", sequence });
      assert.equal(here.journal.seal.broken?.sequence, sequence);
      await assert.rejects(here.journal.list({ limit: 100, ...filter }));
      assert.deepEqual(here.said, [{ code: "broken-journal", sequence }], "it is said once");
    });
  }

  test("red-10: what is not damaged is listed as it was written, by any filter and page", async () => {
    const entries = journalOf(100);
    await using here = await meddled(undefined, entries);
    for (const filter of [{}, { type: "type-3" }, { before: 60 }, { actor: "nobody" }, { before: 2 }]) {
      const { entries: listed, more } = await here.journal.list({ limit: 1000, ...filter });
      const { type, before = 1000, actor } = filter as Partial<JournalFilter>;
      const wanted = entries.filter(
        (entry) =>
          entry.sequence < before &&
          (type ?? entry.change.type) === entry.change.type &&
          (actor ?? "source:toy") === entry.actor,
      );
      assert.deepEqual([listed, more], [wanted.toReversed(), false]);
    }
    assert.deepEqual(await here.journal.list({ limit: 50, after: 30 }), { entries: entries.slice(30, 80), more: true });
    assert.deepEqual(await here.journal.list({ limit: 50, after: 50 }), { entries: entries.slice(50), more: false });
    assert.deepEqual(await here.journal.list({ limit: 50, after: 100 }), { entries: [], more: false });
    assert.deepEqual((await here.journal.list({ limit: 7 })).more, true);
    assert.deepEqual((await here.journal.list({ limit: 100 })).more, false);
  });

  test("reads the neighbours of several entries at once, and no more than it needs", async () => {
    const store = memoryStore();
    const entries = journalOf(350);
    await store.append(EMPTY_HEAD, entries);
    let [reads, running, most] = [0, 0, 0];
    const read: Store["read"] = async (after, limit) => {
      reads += 1;
      most = Math.max(most, ++running);
      await setImmediate();
      running -= 1;
      return store.read(after, limit);
    };
    const listed = await listVerified({ ...store, read }, { type: "type-3", limit: 20 }, entries.at(-1)!);
    assert.deepEqual(
      listed.entries,
      entries
        .filter(({ change }) => change.type === "type-3")
        .toReversed()
        .slice(0, 20),
    );
    // Two for each, and for the one that shows that there are more.
    assert.deepEqual([reads, most], [42, 16]);
    await listVerified({ ...store, read }, { limit: 100 }, entries.at(-1)!);
    // At the ends of what the store lists at once.
    assert.ok(reads <= 50, String(reads));
  });

  test("red-11: a page of large entries ends early, and the next begins where it ended", async () => {
    const large = Array.from({ length: 40 }, (_, at) => ({ ...tagged("ml", String(at)), reason: "x".repeat(250_000) }));
    const entries = sealedAfter(EMPTY_HEAD, large);
    await using here = await meddled(undefined, entries);
    const read: number[] = [];
    for (let before: number | undefined; ; before = read.at(-1)) {
      const page = await here.journal.list({ limit: 1000, ...(before === undefined ? {} : { before }) });
      const { length } = JSON.stringify(page.entries);
      assert.ok(length < (2 << 20) + 10_000, `a page of ${length} bytes`);
      read.push(...page.entries.map(({ sequence }) => sequence));
      if (!page.more) break;
    }
    assert.deepEqual(read, entries.map(({ sequence }) => sequence).toReversed());
  });

  test("red-10: the chain is read gently, and what is damaged is found though it is not listed", async () => {
    await using sound = await meddled(undefined);
    await sound.journal.verify({ gently: true });
    assert.deepEqual(sound.journal.seal, { verified: { sequence: 50, at: "2026-11-23T00:00:00.000Z" } });
    await using here = await meddled("UPDATE entries SET entry = replace(entry, '1.0.9', '1.0.8') WHERE sequence = 10");
    await assert.rejects(here.journal.verify({ gently: true }), { code: "broken-journal", sequence: 10 });
    assert.equal(here.journal.seal.broken?.sequence, 10);
  });
});
