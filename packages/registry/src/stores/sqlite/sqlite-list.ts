import type { DatabaseSync } from "node:sqlite";
import type { JournalFilter } from "../../journal/entry.ts";
import { PORTION_BYTES } from "../../journal/store.ts";

/** An entry as its row has it. */
export interface EntryRow {
  readonly sequence: number;
  readonly entry: string;
}

const CONDITIONS = {
  type: "type = ?",
  kind: "kind = ?",
  actor: "actor = ?",
  repository: "repository = ?",
  digest: "digest = ?",
  before: "sequence < ?",
  after: "sequence > ?",
  // Entries' times never go backwards, so a time is a sequence: found in an index once, not compared in every row.
  from: "sequence >= (SELECT sequence FROM entries WHERE at >= ? ORDER BY at, sequence LIMIT 1)",
  until: "sequence <= (SELECT sequence FROM entries WHERE at < ? ORDER BY at DESC, sequence DESC LIMIT 1)",
} as const satisfies Record<Exclude<keyof JournalFilter, "limit">, string>;

/** The first of some rows, until they have as many bytes as are read at once. */
export function portion(rows: Iterable<unknown>): EntryRow[] {
  const taken: EntryRow[] = [];
  let bytes = 0;
  for (const row of rows as Iterable<EntryRow>) {
    taken.push(row);
    bytes += row.entry.length;
    if (bytes >= PORTION_BYTES) break;
  }
  return taken;
}

/** The rows that match, newest first unless those after a sequence are asked for. */
export function listRows(database: DatabaseSync, { limit, ...wanted }: JournalFilter): EntryRow[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    const value = wanted[name as keyof typeof CONDITIONS];
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const order = wanted.after === undefined ? "DESC" : "ASC";
  const statement = database.prepare(`SELECT sequence, entry FROM entries ${where} ORDER BY sequence ${order} LIMIT ?`);
  return portion(statement.iterate(...values, limit));
}
