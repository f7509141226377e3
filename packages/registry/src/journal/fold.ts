import type { Entry, JournalChange } from "./entry.ts";

/**
 * How a state comes out of the entries, and how it is kept in a snapshot: in parts, so that saving one costs what has
 * changed and reading one never needs the whole text at once.
 */
export interface Fold<S, C extends JournalChange> {
  /** Which form the parts' texts have. A snapshot of another form is not read: the journal is replayed from its start. */
  readonly format: number;
  /** The state of an empty journal. */
  initial(): S;
  /** Whether a change is of a kind that this fold applies. Others, which a newer release wrote, are passed over. */
  knows(change: JournalChange): change is C;
  /** The state after one more entry; may change the given one and return it. Must not fail: the entry is written. */
  apply(state: S, entry: Entry<C>): S;
  /** The only part of the state that an entry changes; `undefined` when it changes none. */
  partOf(entry: Entry<C>): string | undefined;
  /** Every part there is. */
  parts(state: S): Iterable<string>;
  serialize(state: S, part: string): string;
  /** The state with a part put back that {@link serialize} wrote. @throws for any other text */
  restore(state: S, part: string, text: string): S;
}
