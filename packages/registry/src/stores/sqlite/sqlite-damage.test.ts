import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore, verifyStore } from "../open.ts";
import type { Store } from "../../journal/store.ts";
import { sqlitePlace } from "../testing/sqlite-place.ts";

const COMPANIONS = ["", "-wal", "-head"];
const headOf = (entries: ReturnType<typeof journalOf>) => entries.at(-1) ?? EMPTY_HEAD;

describe("a SQLite store that is damaged", () => {
  /** A store with entries, each appended by itself. */
  async function filled(store: Store, count: number): Promise<void> {
    const entries = journalOf(count);
    for (const [at, entry] of entries.entries()) await store.append(headOf(entries.slice(0, at)), [entry]);
  }

  test("red-10: after a kill that left a damaged write-ahead log it says which acknowledged entries are missing", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await filled(store, 60);
    // What is on the disk when the process is killed.
    const killed = join(place.folder, "killed");
    await mkdir(killed);
    for (const suffix of COMPANIONS) await copyFile(place.file + suffix, join(killed, `catalogue.db${suffix}`));
    await store.close();
    assert.deepEqual(store.findings, []);

    const wal = join(killed, "catalogue.db-wal");
    const bytes = await readFile(wal);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(wal, bytes);
    const address = `sqlite:${join(killed, "catalogue.db")}`;
    const recovered = await openStore(address);
    const { sequence } = await recovered.head();
    assert.ok(sequence > 0 && sequence < 60, `recovered up to ${sequence}`);
    const [finding, ...none] = recovered.findings;
    assert.deepEqual(none, []);
    assert.equal(finding?.missing, sequence + 1);
    assert.match(finding.message, new RegExp(`^entries ${sequence + 1} to 60 are missing.*up to entry ${sequence}$`));
    await assert.rejects(verifyStore(address), { code: "broken-journal", sequence: sequence + 1 });
    await recovered.append(headOf(journalOf(sequence)), journalOf(sequence + 1).slice(-1));
    await recovered.close();
    const again = await openStore(address);
    assert.deepEqual(again.findings, [], "it was said; what comes after is what counts");
    await again.close();
  });

  test("red-10: an intact kill, a close, and a store of a former release without a marker say nothing", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await filled(store, 20);
    const killed = join(place.folder, "killed.db");
    for (const suffix of COMPANIONS) await copyFile(place.file + suffix, killed + suffix);
    await store.close();
    for (const path of [killed, place.file]) {
      const again = await openStore(`sqlite:${path}`);
      assert.deepEqual([again.findings, (await again.head()).sequence], [[], 20]);
      await again.close();
    }
    await writeFile(`${place.file}-head`, "garbage");
    const former = await place.open();
    assert.deepEqual(former.findings, []);
    await former.close();
  });

  test("red-10: a table that was dropped is an error of the store that says what is wrong", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await filled(store, 3);
    const other = new DatabaseSync(place.file);
    other.exec("DROP TABLE entries");
    other.close();
    const problem = { code: "store", retryable: false, message: /a table is missing.*restore it from a backup/ };
    await assert.rejects(store.read(0, 10), problem);
    await assert.rejects(store.list({ limit: 10 }), problem);
    await assert.rejects(store.append(headOf(journalOf(3)), journalOf(4).slice(-1)), problem);
    await store.close();
    await assert.rejects(place.open(), problem);
    await assert.rejects(verifyStore(`sqlite:${place.file}`), problem);
  });

  test("red-20: a file that everybody may read, or change, is warned of; a group's rights are not", async () => {
    await using place = await sqlitePlace();
    await (await place.open()).close();
    for (const [mode, message] of [
      [0o666, /every user of this machine may read and change it \(mode 666\); chmod 600 .*catalogue\.db/],
      [0o644, /every user of this machine may read it \(mode 644\)/],
      [0o660, undefined],
    ] as const) {
      await chmod(place.file, mode);
      const store = await place.open();
      const [finding] = store.findings;
      if (message === undefined) assert.equal(finding, undefined);
      else assert.match(finding?.message ?? "", message);
      await store.close();
    }
  });

  test("red-10: a verification reads a store in use and changes nothing, and finds what lists would leave out", async () => {
    await using place = await sqlitePlace();
    const address = `sqlite:${place.file}`;
    const store = await place.open();
    await filled(store, 30);
    assert.equal((await verifyStore(address)).sequence, 30);
    await store.close();
    assert.equal((await verifyStore(address)).sequence, 30);
    const other = new DatabaseSync(place.file, { defensive: false });
    other.exec("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'entries_at'");
    other.close();
    await assert.rejects(verifyStore(address), {
      code: "store",
      message: /every entry holds, but the file is damaged/,
    });
    await assert.rejects(verifyStore(`${address}.none`), { code: "store", message: /cannot be opened/ });
    await assert.rejects(verifyStore("memory:"), { code: "configuration" });
  });
});
