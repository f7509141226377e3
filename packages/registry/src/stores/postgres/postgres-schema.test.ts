import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf, sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { openStore, verifyStore } from "../open.ts";
import { postgresPlace } from "../testing/postgres-place.ts";

describe("a PostgreSQL store's schema", { skip: noPostgresServer }, () => {
  let server: PostgresServer;
  before(async () => void (server = await startPostgresServer()));
  after(() => server[Symbol.asyncDispose]());
  const marker = (schema: string): string => `"${schema}".executor_registry_migrations`;

  test("is made once by many who open it at once", async () => {
    const place = postgresPlace(server.address);
    const stores = await Promise.all(Array.from({ length: 6 }, () => place.open()));
    assert.equal(server.sql(`SELECT count(*) FROM ${marker(place.schema)}`), "1");
    await stores[0]?.append(EMPTY_HEAD, journalOf(1));
    for (const store of stores) {
      assert.equal((await store.head()).sequence, 1);
      await store.close();
    }
  });

  test("may have any name", async () => {
    const odd = `${server.address}?schema=${encodeURIComponent(`it's "odd"; DROP Ω`)}`;
    const store = await openStore(odd);
    await store.append(EMPTY_HEAD, journalOf(3));
    await store.saveSnapshot({ head: await store.head(), format: 1, parts: 0 }, [], true);
    await store.close();
    assert.equal((await verifyStore(odd)).sequence, 3);
    const long = `${server.address}?schema=${"a".repeat(63)}`;
    await (await openStore(long)).close();
  });

  test("is used with a newer release's tables, where that release says so, and else refused", async () => {
    const place = postgresPlace(server.address);
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(2));
    await store.close();
    server.sql(`INSERT INTO ${marker(place.schema)} (version, readable_by) VALUES (98, 1)`);
    const older = await place.open();
    assert.equal((await older.head()).sequence, 2);
    await older.close();
    server.sql(`INSERT INTO ${marker(place.schema)} (version, readable_by) VALUES (99, 98)`);
    const refusal = { code: "store", retryable: false, message: /its version is 99.*a newer release wrote it/ };
    await assert.rejects(place.open(), refusal);
    await assert.rejects(verifyStore(place.address), refusal);
  });

  test("is left alone where it is another application's", async () => {
    const place = postgresPlace(server.address);
    server.sql(`CREATE SCHEMA "${place.schema}"; CREATE TABLE "${place.schema}".recipes (name text)`);
    await assert.rejects(place.open(), { code: "store", retryable: false, message: /is another application's/ });
    assert.equal(server.sql(`SELECT count(*) FROM pg_tables WHERE schemaname = '${place.schema}'`), "1");
    await assert.rejects(verifyStore(postgresPlace(server.address).address), { message: /holds no journal/ });
  });

  test("may be given to a user who cannot make one, who is told so otherwise", async () => {
    server.sql("CREATE ROLE plain LOGIN");
    const place = postgresPlace(server.address.replace("executor@", "plain@"));
    await assert.rejects(place.open(), {
      code: "store",
      retryable: false,
      message: /CREATE SCHEMA "journal-.*" AUTHORIZATION "plain"/,
    });
    server.sql(`CREATE SCHEMA "${place.schema}" AUTHORIZATION plain`);
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(1));
    await store.close();
  });

  test("needs a database that holds every character", async () => {
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    const { address } = postgresPlace(server.address.replace(/executor$/, "latin"));
    await assert.rejects(openStore(address), { code: "store", retryable: false, message: /encoding is LATIN1/ });
  });

  test("finds texts by what they are, however odd or long, and no others", async () => {
    const store = await postgresPlace(server.address).open();
    const actors = ["a\0", "a\\u0000", "a\ud800", "a\ufffd", "\\", "\\\\", "x".repeat(10_000), "x".repeat(10_001)];
    const entries = sealedAfter(
      EMPTY_HEAD,
      actors.map((actor) => tagged("ml", "1", actor)),
    );
    await store.append(EMPTY_HEAD, entries);
    for (const [at, actor] of actors.entries()) assert.deepEqual(await store.list({ actor, limit: 9 }), [entries[at]]);
    await store.close();
  });

  test("keeps the snapshots of two releases apart, and drops those of older ones", async () => {
    const store = await postgresPlace(server.address).open();
    const save = (format: number, sequence: number, text: string) => {
      const head = { sequence, hash: "0".repeat(64) };
      return store.saveSnapshot({ head, format, parts: 1 }, [{ key: "ml", text }], true);
    };
    const load = async (format: number) => {
      const texts: string[] = [];
      const head = await store.loadSnapshot(({ text }) => void texts.push(text), format);
      return head && [head.format, head.head.sequence, ...texts];
    };
    await save(1, 7, "first");
    await save(2, 5, "second");
    assert.deepEqual([await load(1), await load(2), await load(3)], [[1, 7, "first"], [2, 5, "second"], undefined]);
    await save(3, 6, "third");
    assert.deepEqual([await load(1), await load(2), await load(3)], [undefined, [2, 5, "second"], [3, 6, "third"]]);
    await store.close();
  });

  test("shows what was changed behind the journal's back", async () => {
    const place = postgresPlace(server.address);
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(5));
    await store.close();
    assert.equal((await verifyStore(place.address)).sequence, 5);
    const table = `"${place.schema}".entries`;
    server.sql(`UPDATE ${table} SET actor = 'nobody' WHERE sequence = 3`);
    await assert.rejects(verifyStore(place.address), { code: "broken-journal", sequence: 3, message: /column actor/ });
    server.sql(`UPDATE ${table} SET entry = replace(entry, '1.0.1', '6.6.6') WHERE sequence = 2`);
    await assert.rejects(verifyStore(place.address), { code: "broken-journal", sequence: 2 });
    server.sql(`DROP TABLE ${table}`);
    await assert.rejects(verifyStore(place.address), { code: "store", message: /something else has changed them/ });
  });

  test("says what makes the server forget what it acknowledged", async () => {
    server.sql("ALTER DATABASE executor SET synchronous_commit = off");
    const store = await postgresPlace(server.address).open();
    assert.match(store.findings[0]?.message ?? "", /synchronous_commit = off/);
    await store.close();
    server.sql("ALTER DATABASE executor RESET synchronous_commit");
  });

  test("takes entries of megabytes, and gives back one by one what is large", async () => {
    const store = await postgresPlace(server.address).open();
    const tags = ["1", "2", "3"];
    const large = sealedAfter(
      EMPTY_HEAD,
      tags.map((tag) => ({ ...tagged("ml", tag), reason: "Ω".repeat(6 << 20) })),
    );
    await store.append(EMPTY_HEAD, large);
    assert.deepEqual(await store.read(0, 100), large.slice(0, 1));
    assert.deepEqual(await store.list({ limit: 2 }), large.slice(2));
    await store.close();
  });
});
