import type { DatabaseSync } from "node:sqlite";
import type { JournalFilter } from "../journal/entry.ts";

/** An entry as its row has it. */
export interface EntryRow {
  readonly sequence: number;
  readonly entry: string;
}

const CONDITIONS = {
  type: "type = ?",
  kind: "kind = ?",
  actor: "actor = ?",
  before: "sequence < ?",
  // Entries' times never go backwards, so a time is a sequence: found in an index once, not compared in every row.
  from: "sequence >= (SELECT sequence FROM entries WHERE at >= ? ORDER BY at, sequence LIMIT 1)",
  until: "sequence <= (SELECT sequence FROM entries WHERE at < ? ORDER BY at DESC, sequence DESC LIMIT 1)",
} as const satisfies Record<Exclude<keyof JournalFilter, "limit">, string>;

/** The rows that match, newest first. */
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
  const statement = database.prepare(`SELECT sequence, entry FROM entries ${where} ORDER BY sequence DESC LIMIT ?`);
  return statement.all(...values, limit) as unknown as EntryRow[];
}
