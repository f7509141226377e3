import assert from "node:assert/strict";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { EMPTY_HEAD } from "../journal/chain.ts";
import { journalOf, sealedAfter, tagged } from "../journal/testing/toy.ts";
import { openStore, verifyStore } from "./open.ts";
import { sqlitePlace } from "./testing/sqlite-place.ts";

describe("opening a store", () => {
  test("says which stores there are when the address names none, without repeating the address", async () => {
    for (const address of ["mysql://root:hunter2@db/x", "memory:x", "sqlite:", "catalogue.db", ""]) {
      await assert.rejects(openStore(address), (problem: Error & { code: string }) => {
        assert.equal(problem.code, "configuration");
        assert.match(problem.message, /there are "memory:", "sqlite:PATH", /);
        assert.doesNotMatch(problem.message, /hunter2/);
        return true;
      });
    }
  });

  test("creates the folder that is missing, for its owner alone, and names what is no folder", async () => {
    await using place = await sqlitePlace();
    const store = await openStore(`sqlite:${join(place.folder, "no", "such", "catalogue.db")}`);
    await store.close();
    assert.equal((await stat(join(place.folder, "no"))).mode & 0o777, 0o700);
    await writeFile(join(place.folder, "file"), "");
    const address = `sqlite:${join(place.folder, "file", "catalogue.db")}`;
    await assert.rejects(openStore(address), { code: "store", message: /file/ });
  });

  test("creates a file that its owner alone can read, its companions too", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(1));
    for (const suffix of ["", "-wal", "-shm"]) {
      assert.equal((await stat(place.file + suffix)).mode & 0o777, 0o600, suffix);
    }
    await store.close();
  });

  test("does not touch a file that is not its own", async () => {
    await using place = await sqlitePlace();
    await writeFile(place.file, "my diary, page 1 ".repeat(100));
    await assert.rejects(place.open(), { code: "store", retryable: false, message: /is no SQLite database/ });
    assert.match(await readFile(place.file, "utf8"), /^my diary/);
  });

  test("leaves another application's database alone", async () => {
    await using place = await sqlitePlace();
    const theirs = new DatabaseSync(place.file);
    theirs.exec("CREATE TABLE recipes (name TEXT)");
    await assert.rejects(place.open(), { code: "store", retryable: false, message: /another application's database/ });
    assert.deepEqual({ ...theirs.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() }, { tables: 1 });
    theirs.close();
  });

  test("opens the file of the first release, with all its entries", async () => {
    await using place = await sqlitePlace();
    const entries = journalOf(5);
    const first = new DatabaseSync(place.file);
    first.exec(`
      CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        entry    TEXT NOT NULL,
        at       TEXT GENERATED ALWAYS AS (entry ->> '$.at') VIRTUAL,
        actor    TEXT GENERATED ALWAYS AS (entry ->> '$.actor') VIRTUAL,
        kind     TEXT GENERATED ALWAYS AS (entry ->> '$.change.kind') VIRTUAL,
        type     TEXT GENERATED ALWAYS AS (entry ->> '$.change.type') VIRTUAL
      ) STRICT;
      CREATE INDEX entries_at ON entries (at);
      CREATE INDEX entries_actor ON entries (actor);
      CREATE INDEX entries_kind ON entries (kind);
      CREATE INDEX entries_type ON entries (type);
      CREATE TABLE snapshot (id INTEGER PRIMARY KEY, sequence INTEGER, hash TEXT, state TEXT) STRICT;
      PRAGMA application_id = 0x65786563;
      PRAGMA user_version = 1;
    `);
    const insert = first.prepare("INSERT INTO entries (sequence, entry) VALUES (?, ?)");
    for (const entry of entries) insert.run(entry.sequence, JSON.stringify(entry));
    first.close();
    const store = await place.open();
    assert.deepEqual(await store.read(0, 10), entries);
    assert.equal(await store.loadSnapshot(() => {}, 2), undefined);
    await store.close();
    assert.equal((await verifyStore(`sqlite:${place.file}`)).sequence, 5);
  });

  test("leaves a newer release's database alone", async () => {
    await using place = await sqlitePlace();
    await (await place.open()).close();
    const newer = new DatabaseSync(place.file);
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    await assert.rejects(place.open(), {
      code: "store",
      retryable: false,
      message: /its version is 99.*a newer release wrote it/,
    });
  });

  test("distinguishes a lock that another process keeps from a conflict, after a while", async () => {
    await using place = await sqlitePlace();
    let slept = 0;
    const clock = { now: () => 0, sleep: async (ms: number) => void (slept += ms) };
    const store = await openStore(`sqlite:${place.file}`, { clock });
    const holder = new DatabaseSync(place.file);
    holder.exec("BEGIN IMMEDIATE");
    const entries = journalOf(1);
    await assert.rejects(store.append(EMPTY_HEAD, entries), {
      code: "store",
      message: /another process keeps it locked/,
    });
    assert.equal(slept, 5000);
    assert.deepEqual(await store.head(), EMPTY_HEAD);
    holder.exec("ROLLBACK");
    await store.append(EMPTY_HEAD, entries);
    holder.close();
    await store.close();
  });

  test("says that it is closed, instead of writing nowhere", async () => {
    await using place = await sqlitePlace();
    const store = await place.open();
    await store.close();
    await assert.rejects(store.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("ml", "1")])), { code: "store" });
  });

  test(
    "names a folder that may not be written",
    { skip: process.getuid?.() === 0 && "root may write anywhere" },
    async () => {
      await using place = await sqlitePlace();
      await chmod(place.folder, 0o500);
      await assert.rejects(place.open(), { code: "store", message: /permission denied/ });
      await chmod(place.folder, 0o700);
    },
  );
});
