import type { Entry } from "./entry.ts";

/** How a state comes out of the entries, and how it is kept in a snapshot. */
export interface Fold<S> {
  /** The state of an empty journal. */
  initial(): S;
  /** The state after one more entry; may change the given one and return it. Must not fail: the entry is written. */
  apply(state: S, entry: Entry): S;
  serialize(state: S): string;
  /** @throws for a text that this release cannot read: the journal is replayed from its start then */
  parse(text: string): S;
}
