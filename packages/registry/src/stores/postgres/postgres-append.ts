import { beginWith, EMPTY_HEAD } from "../../journal/chain.ts";
import type { Entry, Head } from "../../journal/entry.ts";
import { ConflictError, StoreError } from "../../journal/store-errors.ts";
import { PORTION_BYTES } from "../../journal/store.ts";
import { type Connections, inTransaction, type Query } from "./postgres-connections.ts";
import { losesConnection, sqlState } from "./postgres-errors.ts";
import { COLUMNS, columnsOf } from "./postgres-list.ts";

/** Milliseconds for the answer to an append, and the characters that are expected to need one more. */
const APPEND_MS = 15_000;
const CHARACTERS_A_MS = 500;
/** Milliseconds that another writer's transaction is waited for. */
const LOCK_MS = 10_000;

/** Where entries are appended, and how that is announced. */
export interface AppendPlace {
  readonly connections: Connections;
  readonly description: string;
  /** Quoted. */
  readonly schema: string;
  readonly channel: string;
  /** Follows the sequence in an announcement: who appended. */
  readonly writer: string;
}

/** The end of the chain as the table has it. */
export async function headIn(query: Query, schema: string): Promise<Head> {
  // By the column, which has an index: a bare name in ORDER BY is the number that is made of it.
  const [row] = await query<Head>(
    `SELECT sequence::float8 AS sequence, hash FROM ${schema}.entries ORDER BY entries.sequence DESC LIMIT 1`,
  );
  return row ?? EMPTY_HEAD;
}

/**
 * Appends all or nothing; see {@link Store.append}. The unique key keeps two writers apart: of two that saw the same head, the second waits
 * for the first and fails.
 */
export async function appendEntries(place: AppendPlace, expected: Head, entries: readonly Entry[]): Promise<void> {
  const { connections, description, schema } = place;
  let unknown = false;
  try {
    await connections.steady(async (query) => {
      try {
        if (!(await insertAll(query, place, expected, entries))) await refuseOthers(query, schema, expected, entries);
      } catch (problem) {
        unknown ||= losesConnection(problem);
        throw problem;
      }
    });
  } catch (cause) {
    if (!unknown || cause instanceof ConflictError) throw cause;
    const problem =
      "the connection was lost during an append, and it could not be appended again in time: whether it was written is not known; what is read next shows it";
    throw new StoreError(description, problem, { cause, retryable: true });
  }
}

/** @returns whether they follow the head, and were written */
async function insertAll(
  query: Query,
  place: AppendPlace,
  expected: Head,
  entries: readonly Entry[],
): Promise<boolean> {
  const portions = [...inPortions(entries)];
  const [first] = portions;
  try {
    if (first === undefined) {
      const { sequence, hash } = await headIn(query, place.schema);
      return sequence === expected.sequence && hash === expected.hash;
    }
    if (portions.length === 1) return await insert(query, place, expected, first);
    return await inTransaction(query, "", async () => {
      let head = expected;
      for (const portion of portions) {
        if (!(await insert(query, place, head, portion))) {
          if (portion === first) return false;
          throw new StoreError(place.description, "entries vanished while they were appended", { retryable: true });
        }
        head = portion.at(-1)?.entry ?? head;
      }
      return true;
    });
  } catch (problem) {
    // A key that is there already, or what a database says that has every transaction be serializable.
    if (["23505", "40001"].includes(sqlState(problem) ?? "")) return false;
    throw problem;
  }
}

/** Resolves where what follows the expected head begins with these entries. */
async function refuseOthers(query: Query, schema: string, expected: Head, entries: readonly Entry[]): Promise<void> {
  const stored = await query<Pick<Entry, "hash">>(
    `SELECT hash FROM ${schema}.entries WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
    [expected.sequence, entries.length],
  );
  if (beginWith(stored, entries)) return;
  throw new ConflictError(expected, await headIn(query, schema));
}

interface Written {
  readonly entry: Entry;
  readonly text: string;
}

/** Those that one statement takes. */
function* inPortions(entries: readonly Entry[]): Generator<readonly Written[]> {
  let portion: Written[] = [];
  let length = 0;
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    portion.push({ entry, text });
    length += text.length;
    if (length < PORTION_BYTES) continue;
    yield portion;
    portion = [];
    length = 0;
  }
  if (portion.length > 0) yield portion;
}

/** One statement: what it finds, what it writes and what it announces belong together. */
async function insert(
  query: Query,
  { schema, channel, writer }: AppendPlace,
  { sequence, hash }: Head,
  portion: readonly Written[],
): Promise<boolean> {
  const columns = portion.map(({ entry }) => columnsOf(entry));
  const values = [
    sequence,
    hash,
    portion.map(({ text }) => text),
    ...COLUMNS.map((name) => columns.map((row) => row[name])),
    String(LOCK_MS),
    channel,
    writer,
    EMPTY_HEAD.hash,
  ];
  const names = COLUMNS.join(", ");
  const characters = portion.reduce((sum, { text }) => sum + text.length, 0);
  const rows = await query(
    `WITH added AS (
       INSERT INTO ${schema}.entries (sequence, entry, ${names})
       SELECT $1::bigint + place, entry, ${names}
       FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
            WITH ORDINALITY AS new (entry, ${names}, place)
       WHERE (SELECT set_config('lock_timeout', $11, true)) IS NOT NULL
         AND coalesce((SELECT sequence FROM ${schema}.entries ORDER BY sequence DESC LIMIT 1), 0) = $1
         AND coalesce((SELECT hash FROM ${schema}.entries ORDER BY sequence DESC LIMIT 1), $14) = $2
       RETURNING sequence
     )
     SELECT pg_notify($12, max(sequence) || ' ' || $13) FROM added HAVING count(*) > 0`,
    values,
    APPEND_MS + Math.ceil(characters / CHARACTERS_A_MS),
  );
  return rows.length > 0;
}
