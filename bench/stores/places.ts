import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../testing/postgres-server.ts";
import { noRedisServer, type RedisServer, startRedisServer } from "../../testing/redis-server.ts";

/** A kind of store, with a server of its own where it needs one. */
export interface MeasuredStore {
  readonly name: string;
  /** The address of a journal of its own: the same for the same name. */
  address(journal: string): string;
  /** Whether several services may use it at once. */
  readonly shared: boolean;
  readonly postgres?: PostgresServer;
  readonly redis?: RedisServer;
}

/** Every kind of store that this machine can run. */
export interface MeasuredStores extends AsyncDisposable {
  readonly all: readonly MeasuredStore[];
  /** For files. */
  readonly folder: string;
}

/** A crash of the machine loses nothing that was acknowledged with `always`, up to two seconds with `everysec`. */
const SYNCS = ["everysec", "always"] as const;

export async function startStores(): Promise<MeasuredStores> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bench-stores-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const all: MeasuredStore[] = [
    { name: "memory", shared: false, address: () => "memory:" },
    { name: "SQLite", shared: false, address: (journal) => `sqlite:${join(folder, `${journal}.db`)}` },
  ];
  if (noPostgresServer === false) {
    const postgres = stack.use(await startPostgresServer());
    const address = (journal: string): string => `${postgres.address}?schema=${journal}`;
    all.push({ name: "PostgreSQL", shared: true, postgres, address });
  } else console.error(`SKIPPED: PostgreSQL, ${noPostgresServer}`);
  if (noRedisServer === false) {
    for (const sync of SYNCS) {
      const settings = { appendonly: "yes", appendfsync: sync, "maxmemory-policy": "noeviction" };
      const redis = stack.use(await startRedisServer(settings));
      const address = (journal: string): string => `redis://${redis.host}/?prefix=${journal}`;
      all.push({ name: `Redis, ${sync}`, shared: true, redis, address });
    }
  } else console.error(`SKIPPED: Redis, ${noRedisServer}`);
  const held = stack.move();
  return { all, folder, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
