import type { DatabaseSync } from "node:sqlite";
import type { SnapshotHead, SnapshotPart } from "../../journal/entry.ts";
import { inTransaction } from "./sqlite-transaction.ts";

interface HeadRow {
  readonly sequence: number;
  readonly hash: string;
  readonly format: number;
  readonly parts: number;
}

/** A database's snapshot. */
interface SqliteSnapshots {
  save(snapshot: SnapshotHead, parts: Iterable<SnapshotPart>, complete: boolean): void;
  load(take: (part: SnapshotPart) => void): SnapshotHead | undefined;
}

export function sqliteSnapshots(database: DatabaseSync): SqliteSnapshots {
  const head = database.prepare("SELECT sequence, hash, format, parts FROM snapshot");
  const parts = database.prepare("SELECT key, text FROM snapshot_parts");
  const putHead = database.prepare(
    "INSERT OR REPLACE INTO snapshot (id, sequence, hash, format, parts) VALUES (1, ?, ?, ?, ?)",
  );
  const putPart = database.prepare("INSERT OR REPLACE INTO snapshot_parts (key, text) VALUES (?, ?)");

  return {
    save: (snapshot, changed, complete) =>
      inTransaction(database, "IMMEDIATE", () => {
        const { sequence, hash } = snapshot.head;
        const stored = head.get() as HeadRow | undefined;
        if (stored !== undefined && stored.sequence > sequence) return;
        if (complete) database.exec("DELETE FROM snapshot_parts");
        for (const { key, text } of changed) putPart.run(key, text);
        putHead.run(sequence, hash, snapshot.format, snapshot.parts);
      }),
    load: (take) =>
      inTransaction(database, "DEFERRED", () => {
        const row = head.get() as HeadRow | undefined;
        if (row === undefined) return undefined;
        for (const part of parts.iterate()) take(part as unknown as SnapshotPart);
        const { sequence, hash, format, parts: count } = row;
        return { head: { sequence, hash }, format, parts: count };
      }),
  };
}
