import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noPostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf, sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { postgresPlace } from "../testing/postgres-place.ts";

describe("a large PostgreSQL journal", { skip: noPostgresServer }, () => {
  test("takes a hundred thousand entries at once, all or nothing, and gives them back", async () => {
    await using server = await startPostgresServer();
    const place = postgresPlace(server.address);
    const store = await place.open();
    const entries = journalOf(100_000);
    // The last of its portions fails.
    server.sql(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON "${place.schema}".entries
        FOR EACH ROW WHEN (NEW.sequence = 99999) EXECUTE FUNCTION refuse()`);
    await assert.rejects(store.append(EMPTY_HEAD, entries), { code: "store", message: /no more/ });
    assert.deepEqual(await store.head(), EMPTY_HEAD);
    server.sql(`DROP TRIGGER refuse ON "${place.schema}".entries`);

    await store.append(EMPTY_HEAD, entries);
    const read = [];
    for (;;) {
      const portion = await store.read(read.length, 50_000);
      if (portion.length === 0) break;
      read.push(...portion);
    }
    assert.deepEqual(read, entries);
    assert.deepEqual(await store.list({ type: "type-3", limit: 1 }), [
      entries.findLast(({ change }) => change.type === "type-3"),
    ]);
    const head = await store.head();
    await store.append(head, sealedAfter(head, [tagged("ml", "more")]));
    await store.close();
  });
});
