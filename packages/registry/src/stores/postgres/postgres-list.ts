import { parseEntry } from "../../journal/entry-text.ts";
import type { Entry, JournalFilter } from "../../journal/entry.ts";
import { PORTION_BYTES } from "../../journal/store.ts";
import type { Query } from "./postgres-connections.ts";
import { findable } from "./postgres-text.ts";

/** Entries that one statement asks for. */
const PAGE = 1000;

/** What filters look at, beside the entry. */
export const COLUMNS = ["hash", "at", "actor", "kind", "type", "repository", "digest"] as const;
type Columns = Readonly<Record<(typeof COLUMNS)[number], string | null>>;

/** An entry as its row has it. */
interface EntryRow extends Columns {
  readonly sequence: number;
  readonly entry: string;
}

/** What an entry's columns are to hold. */
export function columnsOf({ hash, at, actor, change }: Entry): Columns {
  const { kind, type, repository, digest } = change;
  const found = (text: string | undefined) => (text === undefined ? null : findable(text));
  return {
    hash: findable(hash),
    at: findable(at),
    actor: findable(actor),
    kind: findable(kind),
    type: found(type),
    repository: found(repository),
    digest: found(digest),
  };
}

/**
 * The entries that match, newest first unless those after a sequence are asked for, until they have as many bytes as are read at once.
 * @param schema quoted
 */
export async function listEntries(query: Query, schema: string, filter: JournalFilter): Promise<Entry[]> {
  return (await listRows(query, schema, filter)).map(({ entry, sequence }) => parseEntry(entry, sequence));
}

/** The rows of {@link listEntries}. */
export async function listRows(query: Query, schema: string, filter: JournalFilter): Promise<EntryRow[]> {
  const { limit, ...wanted } = filter;
  const all: EntryRow[] = [];
  let bytes = 0;
  let place: Wanted = wanted;
  while (all.length < limit && bytes < PORTION_BYTES) {
    const asked = Math.min(PAGE, limit - all.length);
    const rows = await page(query, schema, place, { limit: asked, bytes: PORTION_BYTES - bytes });
    for (const row of rows) {
      all.push(row);
      bytes += row.bytes;
    }
    const last = rows.at(-1)?.sequence;
    if (last === undefined || rows.length < asked) break;
    place = wanted.after === undefined ? { ...wanted, before: last } : { ...wanted, after: last };
  }
  return all;
}

type Wanted = Omit<JournalFilter, "limit">;

/** The first one, and those after it before which there are not too many bytes. */
function page(
  query: Query,
  schema: string,
  wanted: Wanted,
  most: { readonly limit: number; readonly bytes: number },
): Promise<readonly (EntryRow & { readonly bytes: number })[]> {
  const values: unknown[] = [most.limit, most.bytes];
  const conditions: string[] = [];
  for (const [name, condition] of Object.entries(conditionsIn(schema))) {
    const value = wanted[name as keyof Wanted];
    if (value === undefined) continue;
    values.push(typeof value === "string" ? findable(value) : value);
    conditions.push(condition(`$${values.length}`));
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const order = `ORDER BY sequence ${wanted.after === undefined ? "DESC" : "ASC"}`;
  const columns = COLUMNS.join(", ");
  return query(
    `SELECT sequence::float8 AS sequence, entry, bytes, ${columns} FROM (
       SELECT *, octet_length(entry) AS bytes,
              sum(octet_length(entry)) OVER (${order} ROWS UNBOUNDED PRECEDING) - octet_length(entry) AS preceding
       FROM (SELECT sequence, entry, ${columns} FROM ${schema}.entries ${where} ${order} LIMIT $1) AS page
     ) AS sized WHERE preceding < $2 ORDER BY sized.sequence ${wanted.after === undefined ? "DESC" : "ASC"}`,
    values,
  );
}

const conditionsIn = (schema: string) =>
  ({
    type: (value) => `type = ${value}`,
    kind: (value) => `kind = ${value}`,
    actor: (value) => `actor = ${value}`,
    repository: (value) => `repository = ${value}`,
    digest: (value) => `digest = ${value}`,
    before: (value) => `sequence < ${value}`,
    after: (value) => `sequence > ${value}`,
    // Entries' times never go backwards, so a time is a sequence: found in an index once, not compared in every row.
    from: (value) =>
      `sequence >= (SELECT sequence FROM ${schema}.entries WHERE at >= ${value} ORDER BY at, sequence LIMIT 1)`,
    until: (value) =>
      `sequence <= (SELECT sequence FROM ${schema}.entries WHERE at < ${value} ORDER BY at DESC, sequence DESC LIMIT 1)`,
  }) satisfies Record<keyof Wanted, (value: string) => string>;
