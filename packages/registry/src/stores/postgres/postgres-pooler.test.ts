import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { noPgBouncer, type PgBouncer, startPgBouncer } from "../../../../../testing/pgbouncer.ts";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";
import { conformance } from "../testing/conformance.ts";
import { postgresPlace } from "../testing/postgres-place.ts";
import { sharingConformance } from "../testing/sharing-conformance.ts";
import { watchOf } from "../testing/watched.ts";

describe("a PostgreSQL store behind PgBouncer in transaction mode", { skip: noPostgresServer || noPgBouncer }, () => {
  let server: PostgresServer;
  let bouncer: PgBouncer;
  before(async () => {
    server = await startPostgresServer();
    bouncer = await startPgBouncer(server);
  });
  after(async () => {
    await bouncer[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const place = async () => postgresPlace(bouncer.address);

  conformance("postgres://USER@POOLER/DATABASE", { place });
  sharingConformance("postgres://USER@POOLER/DATABASE", place);

  test("finds out that nothing is announced, says once what to do, and is asked often", async () => {
    const { address } = postgresPlace(bouncer.address);
    const logged: { problem?: string }[] = [];
    const store = await openStore(address, { log: { ...silentLogger, warn: (fields) => logged.push(fields) } });
    store.sharing?.watch(() => {});
    while (logged.length === 0) await systemClock.sleep(10);
    assert.match(logged[0]?.problem ?? "", /is the address a pooler's.*the store's `direct`/);
    assert.equal(store.sharing?.pollMs, 100);
    assert.equal(logged.length, 1);
    await store.close();
  });

  test("announces entries where the server's own address is given", async () => {
    const { address, schema } = postgresPlace(bouncer.address);
    const open = () => openStore({ address, direct: `${server.address}?schema=${schema}` });
    const [store, other] = await Promise.all([open(), open()]);
    const watch = watchOf(store);
    await watch.announced();
    assert.equal(store.sharing?.pollMs, 150);
    await other.append(EMPTY_HEAD, journalOf(2));
    await watch.woken();
    await store.close();
    await other.close();
  });
});
