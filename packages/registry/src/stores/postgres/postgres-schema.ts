import { StoreError } from "../../journal/store-errors.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { inTransaction, type Query } from "./postgres-connections.ts";
import { sqlState } from "./postgres-errors.ts";
import { quoted } from "./postgres-text.ts";

/** "exec": the first half of the lock's key. */
const LOCK = 0x65786563;
/** Milliseconds that a migration waits for another's. */
const LOCK_MS = 20_000;
/** Notes which of our steps were made. A schema without this table is not ours. */
const MARKER = "executor_registry_migrations";

/** One step from a version of the tables to the next. */
interface Step {
  readonly sql: (schema: string) => string;
  /** The oldest version whose release works with the tables after this step: it may run beside this one, as in a rolling upgrade. */
  readonly readableBy: number;
}

/**
 * Each step leads from the version that is its index to the next. Steps are never changed, only added. Texts are compared byte by byte,
 * so that no update of the system's locales breaks an index.
 */
const STEPS: readonly Step[] = [
  {
    readableBy: 1,
    sql: (schema) => `
      CREATE TABLE ${schema}.entries (
        sequence   bigint PRIMARY KEY,
        entry      text NOT NULL,
        hash       text COLLATE "C" NOT NULL,
        at         text COLLATE "C" NOT NULL,
        actor      text COLLATE "C" NOT NULL,
        kind       text COLLATE "C" NOT NULL,
        type       text COLLATE "C",
        repository text COLLATE "C",
        digest     text COLLATE "C"
      );
      CREATE INDEX entries_at ON ${schema}.entries (at, sequence);
      CREATE INDEX entries_actor ON ${schema}.entries (actor, sequence);
      CREATE INDEX entries_kind ON ${schema}.entries (kind, sequence);
      CREATE INDEX entries_type ON ${schema}.entries (type, sequence) WHERE type IS NOT NULL;
      CREATE INDEX entries_repository ON ${schema}.entries (repository, sequence) WHERE repository IS NOT NULL;
      CREATE INDEX entries_digest ON ${schema}.entries (digest, sequence) WHERE digest IS NOT NULL;
      CREATE TABLE ${schema}.snapshots (
        format   integer PRIMARY KEY,
        sequence bigint NOT NULL,
        hash     text NOT NULL,
        parts    integer NOT NULL
      );
      CREATE TABLE ${schema}.snapshot_parts (
        format integer,
        key    text COLLATE "C",
        text   text NOT NULL,
        PRIMARY KEY (format, key)
      );
      CREATE TABLE ${schema}.cursors (name text COLLATE "C" PRIMARY KEY, sequence bigint NOT NULL);
      CREATE TABLE ${schema}.leases (
        name   text COLLATE "C" PRIMARY KEY,
        holder text NOT NULL,
        note   text NOT NULL,
        ends   timestamptz NOT NULL
      );
    `,
  },
];

/** How far a schema's tables are. */
interface Version {
  readonly version: number;
  readonly readableBy: number;
}

/**
 * Brings a schema to this release's tables, unless it has them, or those of a newer release that this one works with. Several releases
 * may try at once: one migrates, the others wait.
 * @throws StoreError for one that is another application's, or a newer release's, and where the user may not make it
 */
export async function migrate(query: Query, address: PostgresAddress): Promise<void> {
  const { schema, description } = address;
  const found = await usableVersion(query, address);
  if (found !== undefined && found.version >= STEPS.length) return;
  try {
    await inTransaction(query, "", async () => {
      await query("SELECT set_config('lock_timeout', $1, true)", [String(LOCK_MS)]);
      await query("SELECT pg_advisory_xact_lock($1::int, hashtext($2))", [LOCK, schema]);
      // Read again now that nobody else can be migrating.
      const from = (await usableVersion(query, address))?.version ?? 0;
      if (from >= STEPS.length) return;
      if (from === 0) await begin(query, address);
      const name = quoted(schema);
      for (const [index, { sql, readableBy }] of STEPS.entries()) {
        if (index < from) continue;
        await query(sql(name));
        await query(`INSERT INTO ${name}.${MARKER} (version, readable_by) VALUES ($1, $2)`, [index + 1, readableBy]);
      }
    });
  } catch (cause) {
    if (sqlState(cause) !== "42501") throw cause;
    const problem = `the user may not make the schema ${schema}; let the database's owner run: CREATE SCHEMA ${quoted(schema)} AUTHORIZATION ${quoted(address.user)}`;
    throw new StoreError(description, problem, { cause, retryable: false });
  }
}

/**
 * Which version of our tables a schema has; none where it is missing or empty.
 * @throws StoreError for one that is another application's, or a newer release's that this one cannot use
 */
export async function usableVersion(
  query: Query,
  { schema, description }: PostgresAddress,
): Promise<Version | undefined> {
  const refuse = (problem: string): never => {
    throw new StoreError(description, problem, { retryable: false });
  };
  const [state] = await query<{ encoding: string; ours: boolean; others: boolean }>(
    `SELECT current_setting('server_encoding') AS encoding,
            count(*) FILTER (WHERE relname = $2) > 0 AS ours,
            count(*) FILTER (WHERE relname <> $2) > 0 AS others
     FROM pg_catalog.pg_class WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)`,
    [schema, MARKER],
  );
  if (state === undefined) return undefined;
  if (state.encoding !== "UTF8")
    refuse(`the database's encoding is ${state.encoding}; make one with ENCODING 'UTF8' and TEMPLATE template0`);
  if (!state.ours) {
    if (state.others)
      refuse(`its schema ${schema} is another application's; name one of its own: append ?schema=NAME to the address`);
    return undefined;
  }
  const [found] = await query<Version>(
    `SELECT version, readable_by AS "readableBy" FROM ${quoted(schema)}.${MARKER} ORDER BY version DESC LIMIT 1`,
  );
  if (found !== undefined && found.version > STEPS.length && found.readableBy > STEPS.length) {
    refuse(
      `its version is ${found.version}, which releases that know ${found.readableBy} can use, and this one knows ${STEPS.length}: a newer release wrote it; upgrade this one`,
    );
  }
  return found;
}

/** Asks first whether the schema is there: who may not create one may have been given one. */
async function begin(query: Query, { schema }: PostgresAddress): Promise<void> {
  const there = await query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]);
  if (there.length === 0) await query(`CREATE SCHEMA ${quoted(schema)}`);
  await query(
    `CREATE TABLE IF NOT EXISTS ${quoted(schema)}.${MARKER} (
       version     integer PRIMARY KEY,
       readable_by integer NOT NULL,
       made        timestamptz NOT NULL DEFAULT now()
     )`,
  );
}
