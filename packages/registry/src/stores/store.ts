import type { Entry, Head, JournalFilter, StoredSnapshot } from "../journal/entry.ts";

/**
 * Where the journal lives. A store keeps the order and makes entries durable; it neither hashes nor judges.
 * One implementation per file; all pass the same suite.
 */
export interface Store {
  /** For people: `memory:`, `sqlite:/var/lib/executor-registry/catalogue.db`. Never holds a password. */
  readonly description: string;
  head(): Promise<Head>;
  /**
   * Appends all or nothing, and resolves only once it is durable.
   * @throws ConflictError when the head is not `expected` any more: fold what came in, decide again
   * @throws StoreError when it cannot be written (disk full, file locked); nothing was appended then
   */
  append(expected: Head, entries: readonly Entry[]): Promise<void>;
  /** The entries after a sequence, oldest first, at most `limit`. */
  read(after: number, limit: number): Promise<readonly Entry[]>;
  /** The entries that match, newest first. */
  list(filter: JournalFilter): Promise<readonly Entry[]>;
  /** Replaces the stored snapshot, unless that one is newer. */
  saveSnapshot(snapshot: StoredSnapshot): Promise<void>;
  loadSnapshot(): Promise<StoredSnapshot | undefined>;
  close(): Promise<void>;
}
