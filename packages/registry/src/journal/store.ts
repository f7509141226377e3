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
 * What a store offers that several services may use at once. Correctness never depends on it: the head that an append expects is what
 * keeps two writers apart, and whoever reads from time to time misses nothing.
 */
export interface Sharing {
  /** Milliseconds between two questions whether others have appended: many where they announce it, few where nobody can, as of now. */
  readonly pollMs: number;
  /**
   * Calls `wake` when others may have appended. A hint: it may come twice, late or never.
   * @returns what stops it
   */
  watch(wake: () => void): () => void;
  /**
   * Takes a lease that nobody has, or keeps one's own, for so many milliseconds from now.
   * @param note what the holder wants others to know; kept when the lease ends
   * @returns whose it is now, which may be somebody else
   * @throws StoreError
   */
  lease(name: string, holder: string, ms: number, note: string): Promise<Lease>;
  /** Gives one's own lease back; others' are left alone. @throws StoreError */
  release(name: string, holder: string): Promise<void>;
}

/** Who has a lease, and what they wanted others to know. */
interface Lease {
  readonly holder: string;
  readonly note: string;
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
  /** What several services need that use it at once; absent where one alone may. */
  readonly sharing?: Sharing;
  /**
   * Appends all or nothing, and resolves only once it is durable. Entries that are there already, in this place, were appended before,
   * and the reply was lost: they are not appended again, and no conflict.
   * @throws ConflictError when the head is not `expected` any more: fold what came in, decide again
   * @throws StoreError when it cannot be written (disk full, file locked, server away). Nothing was appended then; only where the
   * connection to a server was lost meanwhile, and the message says so, it may have been: what is read next shows it
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
   * @param format the parts' form that is wanted. A store that keeps one snapshot hands over that, whichever form it has; one that keeps a
   * snapshot of each, since releases may run side by side, hands over the one of this form
   * @returns what they are parts of; `undefined` when there is none
   */
  loadSnapshot(take: (part: SnapshotPart) => void, format: number): Promise<SnapshotHead | undefined>;
  /** The sequence that was kept under a name, however far the journal is by now. */
  cursor(name: string): Promise<number | undefined>;
  /** Keeps the sequence up to which somebody has read the journal. It may be lost when the machine dies. */
  saveCursor(name: string, sequence: number): Promise<void>;
  close(): Promise<void>;
}
