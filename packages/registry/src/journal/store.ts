import type { Entry, Head, JournalFilter, SnapshotHead, SnapshotPart } from "./entry.ts";

/** Bytes of text that a store reads at once; one entry may have more. */
export const PORTION_BYTES = 8 << 20;

/** Something about a store that its operator has to know. */
export interface StoreFinding {
  readonly message: string;
  /** The first entry that was acknowledged and is missing, where some are. */
  readonly missing?: number;
}

/**
 * Where the journal lives. A store keeps the order and makes entries durable; it neither hashes nor judges.
 * One implementation per file; all pass the same suite.
 */
export interface Store {
  /** For people: `memory:`, `sqlite:/var/lib/executor-registry/catalogue.db`. Never holds a password. */
  readonly description: string;
  /** What opening it has found. */
  readonly findings: readonly StoreFinding[];
  head(): Promise<Head>;
  /**
   * Appends all or nothing, and resolves only once it is durable.
   * @throws ConflictError when the head is not `expected` any more: fold what came in, decide again
   * @throws StoreError when it cannot be written (disk full, file locked); nothing was appended then
   */
  append(expected: Head, entries: readonly Entry[]): Promise<void>;
  /** The entries after a sequence, oldest first, at most `limit`; fewer, but one where there is one, where they are large. */
  read(after: number, limit: number): Promise<readonly Entry[]>;
  /** The entries that match, newest first or in the order that the filter asks for, as many as {@link Store.read} gives. */
  list(filter: JournalFilter): Promise<readonly Entry[]>;
  /**
   * Puts parts in place of those with the same keys, all or nothing; does nothing if the stored snapshot is newer.
   * @param parts are read once, one after the other
   * @param complete these are all: every other part goes
   */
  saveSnapshot(snapshot: SnapshotHead, parts: Iterable<SnapshotPart>, complete: boolean): Promise<void>;
  /**
   * Hands over every part of the stored snapshot, one after the other, in no order.
   * @param take must not throw
   * @returns what they are parts of; `undefined` when there is none
   */
  loadSnapshot(take: (part: SnapshotPart) => void): Promise<SnapshotHead | undefined>;
  /** The sequence that was kept under a name, however far the journal is by now. */
  cursor(name: string): Promise<number | undefined>;
  /** Keeps the sequence up to which somebody has read the journal. It may be lost when the machine dies. */
  saveCursor(name: string, sequence: number): Promise<void>;
  close(): Promise<void>;
}
