import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { until } from "../../../../../testing/production-resolver.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import type { JournalFilter } from "../../journal/entry.ts";
import type { Store } from "../../journal/store.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";

describe("what is asked of a long journal in PostgreSQL", { skip: noPostgresServer }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgresServer();
    const store = await openStore(server.address);
    await store.append(EMPTY_HEAD, journalOf(5000));
    await store.close();
    server.sql("ANALYZE executor_registry.entries");
  });
  after(() => server[Symbol.asyncDispose]());

  const [entry] = journalOf(1);
  assert.ok(entry);
  const { type = "", kind, repository = "", digest = "" } = entry.change;
  const { actor, at } = entry;
  const filters: Readonly<Record<string, Omit<JournalFilter, "limit">>> = {
    nothing: {},
    type: { type },
    repository: { repository },
    digest: { digest },
    "kind and actor that no entry has": { kind: `${kind}x`, actor: `${actor}x` },
    "times, which all entries share": { from: at, until: `${at}x` },
  };
  const questions: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
    "the head": (store) => store.head(),
    "entries after one": (store) => store.read(2500, 10),
    ...Object.fromEntries(
      Object.entries(filters).map(([name, filter]) => [
        `a page by ${name}`,
        (store: Store) => store.list({ ...filter, limit: 10 }),
      ]),
    ),
  };
  for (const [name, ask] of Object.entries(questions)) {
    test(`${name} is found by an index`, async () => {
      server.sql("SELECT pg_stat_reset()");
      const store = await openStore(server.address);
      await ask(store);
      // Connections report what they did when they end.
      await store.close();
      const scans = (): number[] =>
        server
          .sql("SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'entries'")
          .split("|")
          .map(Number);
      await until(() => scans().some((count) => count > 0));
      assert.equal(scans()[0], 0);
    });
  }
});
