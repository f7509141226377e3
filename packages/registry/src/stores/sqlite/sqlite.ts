import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { beginWith, EMPTY_HEAD } from "../../journal/chain.ts";
import { parseEntry } from "../../journal/entry-text.ts";
import type { Entry, Head } from "../../journal/entry.ts";
import { ConflictError, StoreError } from "../../journal/store-errors.ts";
import { isBusy, sqliteError } from "./sqlite-errors.ts";
import { type EntryRow, listRows, portion } from "./sqlite-list.ts";
import { HeadMarker } from "./sqlite-marker.ts";
import { migrate } from "./sqlite-schema.ts";
import { sqliteSnapshots } from "./sqlite-snapshots.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import type { Store, StoreFinding } from "../../journal/store.ts";

/** Milliseconds until a lock that another process holds becomes an error. */
const MAX_WAIT_MS = 5000;
/** Milliseconds between two tries. SQLite's own waiting would stop the whole process from answering. */
const RETRY_MS = 10;

/**
 * Keeps the journal in one file, which it creates, with its folder, readable by its owner alone. What was appended survives the end
 * of the process and of the machine. Several processes may use the file; on a network volume they must not.
 * @throws StoreError
 */
export async function sqliteStore(path: string, clock: Clock): Promise<Store> {
  const file = resolve(path);
  const description = `sqlite:${file}`;
  const guarded = <T>(task: () => T): T => {
    try {
      return task();
    } catch (problem) {
      throw problem instanceof ExecutorRegistryError ? problem : sqliteError(description, problem);
    }
  };
  /** Runs a task until no other process is in its way. */
  const unlocked = async <T>(task: () => T): Promise<T> => {
    for (let waited = 0; ; waited += RETRY_MS) {
      try {
        return task();
      } catch (problem) {
        if (!isBusy(problem) || waited >= MAX_WAIT_MS)
          return guarded(() => {
            throw problem;
          });
        await clock.sleep(RETRY_MS);
      }
    }
  };

  createPrivately(file, description);
  const database = guarded(() => new DatabaseSync(file));
  try {
    await unlocked(() => {
      database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0; PRAGMA cache_size = -512",
      );
      migrate(database);
    });
  } catch (problem) {
    database.close();
    throw problem;
  }

  const { insert, last, after, cursor, putCursor, snapshots } = guarded(() => ({
    insert: database.prepare("INSERT INTO entries (sequence, entry) VALUES (?, ?)"),
    last: database.prepare("SELECT sequence, entry FROM entries ORDER BY sequence DESC LIMIT 1"),
    after: database.prepare("SELECT sequence, entry FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"),
    cursor: database.prepare("SELECT sequence FROM cursors WHERE name = ?"),
    putCursor: database.prepare("INSERT OR REPLACE INTO cursors (name, sequence) VALUES (?, ?)"),
    snapshots: sqliteSnapshots(database),
  }));
  const head = (): Head => {
    const row = last.get() as EntryRow | undefined;
    if (row === undefined) return EMPTY_HEAD;
    return { sequence: row.sequence, hash: parseEntry(row.entry, row.sequence).hash };
  };
  const { ino } = statSync(file);
  /** SQLite goes on writing to a file that has lost its name, and nothing of that is there after the next start. */
  const stillThere = (): void => {
    const now = statSync(file, { throwIfNoEntry: false });
    if (now?.ino === ino) return;
    const what = now === undefined ? "was deleted" : "was replaced";
    throw new StoreError(
      description,
      `the file ${what} while the service had it open, so nothing is written to it any more; restore it, and start the service again`,
      { retryable: false },
    );
  };
  const marker = new HeadMarker(`${file}-head`);
  const findings = [...readableByOthers(file), ...missing(marker, head)];

  /** Whether they were not there before. */
  const append = (expected: Head, entries: readonly Entry[]): boolean =>
    inTransaction(database, "IMMEDIATE", () => {
      const actual = head();
      if (actual.sequence !== expected.sequence || actual.hash !== expected.hash) {
        const stored = parsed([...after.iterate(expected.sequence, entries.length)] as unknown as EntryRow[]);
        if (beginWith(stored, entries)) return false;
        throw new ConflictError(expected, actual);
      }
      for (const entry of entries) insert.run(entry.sequence, JSON.stringify(entry));
      return true;
    });

  return {
    description,
    findings,
    head: () => unlocked(head),
    async append(expected, entries) {
      stillThere();
      if (!(await unlocked(() => append(expected, entries)))) return;
      const { sequence, hash } = entries.at(-1) ?? expected;
      marker.set({ sequence, hash });
    },
    read: (sequence, limit) => unlocked(() => parsed(portion(after.iterate(sequence, limit)))),
    list: (filter) => unlocked(() => parsed(listRows(database, filter))),
    saveSnapshot: (snapshot, parts, complete) => unlocked(() => snapshots.save(snapshot, parts, complete)),
    loadSnapshot: (take) => unlocked(() => snapshots.load(take)),
    cursor: (name) => unlocked(() => (cursor.get(name) as { readonly sequence: number } | undefined)?.sequence),
    async saveCursor(name, sequence) {
      stillThere();
      await unlocked(() => void putCursor.run(name, sequence));
    },
    async close() {
      if (!database.isOpen) return;
      marker.close();
      guarded(() => database.close());
    },
  };
}

/** What the marker knows to be missing. A database that cannot tell its head shows so when it is read. */
function missing(marker: HeadMarker, head: () => Head): readonly StoreFinding[] {
  try {
    return [marker.missing(head()) ?? []].flat();
  } catch {
    return [];
  }
}

/** Groups are given rights on purpose, as Kubernetes does with a pod's volumes. */
function readableByOthers(file: string): readonly StoreFinding[] {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o007) === 0) return [];
  const message = `every user of this machine may read ${(mode & 0o002) === 0 ? "" : "and change "}it (mode ${mode.toString(8)}); chmod 600 ${file}`;
  return [{ message }];
}

const parsed = (rows: readonly EntryRow[]): Entry[] => rows.map(({ entry, sequence }) => parseEntry(entry, sequence));

/** SQLite would let everybody read what it creates, and never syncs the folder after it made a file. */
function createPrivately(file: string, description: string): void {
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    const directory = openSync(folder, "r");
    fsyncSync(directory);
    closeSync(directory);
  } catch (cause) {
    throw new StoreError(description, (cause as Error).message, { cause });
  }
}
