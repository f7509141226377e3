import { randomUUID } from "node:crypto";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import type { Store, StoreFinding } from "../../journal/store.ts";
import type { StoreContext } from "../store-kind.ts";
import type { StoreSettings } from "../store-settings.ts";
import { parsePostgresAddress, type PostgresAddress } from "./postgres-address.ts";
import { appendEntries, headIn } from "./postgres-append.ts";
import { clientClass } from "./postgres-client.ts";
import { type Connections, connections as connect, type Query } from "./postgres-connections.ts";
import { inStoreErrors, passesByItself, postgresError } from "./postgres-errors.ts";
import { postgresLeases } from "./postgres-leases.ts";
import { listEntries } from "./postgres-list.ts";
import { migrate } from "./postgres-schema.ts";
import { postgresSnapshots } from "./postgres-snapshots.ts";
import { quoted, storable } from "./postgres-text.ts";
import { channelOf, Watch } from "./postgres-watch.ts";

/** Milliseconds in which a server is waited for that is away, starting or full: a pod that ends instead is started ever more slowly. */
const OPEN_MS = 60_000;
const LONGEST_WAIT_MS = 5000;
const FIRST_WAIT_MS = 250;

/**
 * Keeps the journal in a PostgreSQL database, in a schema of its own, which it creates. Several services may use it at once.
 * @throws StoreError
 * @throws ConfigurationError for settings that contradict each other
 */
export async function postgresStore(settings: StoreSettings, context: StoreContext): Promise<Store> {
  const { clock, log } = context;
  const address = parsePostgresAddress(settings.address);
  const { description } = address;
  const direct = settings.direct === undefined ? address : parsePostgresAddress(settings.direct);
  const ending = new AbortController();
  const closing = ending.signal;
  const Listener = clientClass({ address: direct, settings, closing });
  const connections = connect({ address, settings, closing }, clock);
  const findings = await opened(connections, address, context).catch(async (problem: unknown) => {
    ending.abort();
    await connections.close();
    throw problem;
  });

  const schema = quoted(address.schema);
  const channel = channelOf(address.schema);
  const writer = randomUUID();
  const snapshots = postgresSnapshots(connections, schema);
  const leases = postgresLeases(connections, schema);
  const watch = new Watch({
    description,
    channel,
    writer,
    connections,
    listener: () => new Listener(),
    clock,
    log,
    closing,
  });
  const guarded = <T>(task: () => Promise<T>): Promise<T> => inStoreErrors(description, task);
  const asked = <T>(task: (query: Query) => Promise<T>): Promise<T> => guarded(() => connections.steady(task));

  return {
    description,
    findings,
    head: () => asked((query) => headIn(query, schema)),
    append: (expected, entries) =>
      guarded(() => appendEntries({ connections, description, schema, channel, writer }, expected, entries)),
    read: (after, limit) => asked((query) => listEntries(query, schema, { after, limit })),
    list: (filter) => asked((query) => listEntries(query, schema, filter)),
    saveSnapshot: (snapshot, parts, complete) => guarded(() => snapshots.save(snapshot, parts, complete)),
    loadSnapshot: (take, format) => guarded(() => snapshots.load(take, format)),
    cursor: (name) =>
      asked(async (query) => {
        const [row] = await query<{ sequence: number }>(
          `SELECT sequence::float8 AS sequence FROM ${schema}.cursors WHERE name = $1`,
          [storable(name)],
        );
        return row?.sequence;
      }),
    saveCursor: (name, sequence) =>
      asked(async (query) => {
        await query(
          `INSERT INTO ${schema}.cursors (name, sequence) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET sequence = EXCLUDED.sequence`,
          [storable(name), sequence],
        );
      }),
    sharing: {
      get pollMs() {
        return watch.pollMs;
      },
      watch: (wake) => watch.watch(wake),
      lease: (name, holder, ms, note) => guarded(() => leases.lease(name, holder, ms, note)),
      release: (name, holder) => guarded(() => leases.release(name, holder)),
    },
    async close() {
      if (closing.aborted) return;
      ending.abort();
      await watch.ended();
      await connections.close();
    },
  };
}

/** Waits for the server, then for its tables. */
async function opened(
  connections: Connections,
  address: PostgresAddress,
  { clock, log }: StoreContext,
): Promise<readonly StoreFinding[]> {
  const { description } = address;
  const since = clock.now();
  let said: string | undefined;
  for (let failures = 0; ; failures++) {
    try {
      return await connections.once(async (query) => {
        await migrate(query, address);
        return await durability(query);
      });
    } catch (cause) {
      if (cause instanceof ExecutorRegistryError) throw cause;
      const problem = postgresError(description, cause);
      const wait = FIRST_WAIT_MS + backoff(failures, Math.random, LONGEST_WAIT_MS, FIRST_WAIT_MS);
      if (!passesByItself(cause) || clock.now() + wait - since > OPEN_MS) throw problem;
      if (said !== problem.message)
        log.warn({ store: description, code: problem.code, problem: problem.message }, "waiting for the store");
      said = problem.message;
      await clock.sleep(wait);
    }
  }
}

/** What would have the server acknowledge what it may still lose. */
async function durability(query: Query): Promise<readonly StoreFinding[]> {
  const [row] = await query<{ fsync: string; commit: string }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
  );
  if (row === undefined) return [];
  const settings = [row.fsync === "off" && "fsync = off", row.commit === "off" && "synchronous_commit = off"];
  return settings
    .filter((setting) => setting !== false)
    .map((setting) => ({
      message: `the server has ${setting}: what it acknowledges is lost when its machine stops; turn it on`,
    }));
}
