/** A fact that is written down. Which kinds there are, and what else they hold, is for the writer and the fold to know. */
export interface JournalChange {
  readonly kind: string;
  /** The executor type that it is about, where it is about one. */
  readonly type?: string | undefined;
  /** The repository, `registry/path`, and the image in it, where it is about one. */
  readonly repository?: string | undefined;
  readonly digest?: string | undefined;
}

/** One change, by whom and why, at its place in the chain. */
export interface Entry<C extends JournalChange = JournalChange> {
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  /** ISO 8601 in UTC, never before the previous entry's. */
  readonly at: string;
  /** Who: `source:production-ecr`, `webhook:harbor`, `user:alice`, `system`. */
  readonly actor: string;
  /** Why, in a sentence. */
  readonly reason: string;
  readonly change: C;
  /** Hash of the previous entry; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256, in hex, of this entry's canonical JSON without `hash`. */
  readonly hash: string;
}

/** What a caller wants to be written. */
export interface Draft<C extends JournalChange = JournalChange> {
  readonly actor: string;
  readonly reason: string;
  readonly change: C;
}

/** The end of the chain. */
export interface Head {
  /** 0 while the journal is empty. */
  readonly sequence: number;
  readonly hash: string;
}

/** A folded state that is kept in parts, and the head it was folded up to: what lies before need not be replayed. */
export interface SnapshotHead {
  readonly head: Head;
  /** Which form the parts' texts have. */
  readonly format: number;
  /** How many parts there are. */
  readonly parts: number;
}

/** One part of a folded state. Written and read by the fold alone. */
export interface SnapshotPart {
  readonly key: string;
  readonly text: string;
}

/** Which entries to list. All of it together. */
export interface JournalFilter {
  readonly type?: string;
  readonly kind?: string;
  readonly actor?: string;
  /** `registry/path` that the change is about. */
  readonly repository?: string;
  /** Of the image that the change is about. */
  readonly digest?: string;
  /** Inclusive, ISO 8601. */
  readonly from?: string;
  /** Exclusive, ISO 8601. */
  readonly until?: string;
  /** Only entries with a smaller sequence: how to turn pages. */
  readonly before?: number;
  /** Only entries with a larger sequence, and these oldest first: how to turn pages in the order of writing. */
  readonly after?: number;
  /** At most this many, newest first unless `after` is given. */
  readonly limit: number;
}
