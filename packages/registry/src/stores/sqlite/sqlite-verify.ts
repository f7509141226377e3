import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { parseEntry } from "../../journal/entry-text.ts";
import type { Head } from "../../journal/entry.ts";
import { verifyJournal } from "../../journal/verification.ts";
import { StoreError } from "../../journal/store-errors.ts";
import type { ReadingOptions } from "../store-kind.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { portion } from "./sqlite-list.ts";
import { HeadMarker } from "./sqlite-marker.ts";
import { isOurs } from "./sqlite-schema.ts";

/**
 * Reads all of a database, which a service may be using, and changes nothing: each entry of the chain, then how SQLite keeps them.
 * @returns the last entry
 * @throws BrokenJournalError naming the first entry that does not hold
 * @throws StoreError
 */
export async function verifySqlite(path: string, options: ReadingOptions = {}): Promise<Head> {
  const file = resolve(path);
  const description = `sqlite:${file}`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    if (!isOurs(database)) throw new StoreError(description, "it is another application's database");
    const after = database.prepare("SELECT sequence, entry FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?");
    const read = async (sequence: number, limit: number) =>
      portion(after.iterate(sequence, limit)).map((row) => parseEntry(row.entry, row.sequence));
    const known = HeadMarker.read(`${file}-head`);
    const head = await verifyJournal({ read }, known, options);
    const [result] = Object.values(database.prepare("PRAGMA integrity_check(1)").get() ?? {});
    if (result !== "ok") {
      const problem = `every entry holds, but the file is damaged (${String(result)}); restore it from a backup`;
      throw new StoreError(description, problem, { retryable: false });
    }
    await options.takeCursors?.(cursorsIn(database));
    return head;
  } catch (problem) {
    throw problem instanceof ExecutorRegistryError || options.signal?.aborted
      ? problem
      : sqliteError(description, problem);
  } finally {
    if (database?.isOpen) database.close();
  }
}

/** An older release's database may have none. */
function cursorsIn(database: DatabaseSync): ReadonlyMap<string, number> {
  const there = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'cursors'").get();
  const rows = there === undefined ? [] : database.prepare("SELECT name, sequence FROM cursors").all();
  return new Map(rows.map(({ name, sequence }) => [String(name), Number(sequence)]));
}
