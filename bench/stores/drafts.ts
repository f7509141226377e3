import type { Entry, Fold, Head, JournalChange } from "@executor-registry/registry/internal";
import { EMPTY_HEAD, seal, type Store } from "@executor-registry/registry/internal";
import { found, VERSIONS } from "../start-store.ts";

/** The nth image that a scan finds: some 1.2 kB as an entry. */
export function nthDraft(nth: number, actor = "source:builds") {
  return { actor, ...found(Math.floor(nth / VERSIONS) % 1000, nth % VERSIONS, 0) };
}

/** So many entries after a head, as a scan that finds images writes them. */
export function entriesAfter(head: Head, count: number): Entry[] {
  const at = new Date(Date.UTC(2026, 0, 1) + head.sequence).toISOString();
  const entries: Entry[] = [];
  for (let nth = 0; nth < count; nth += 1)
    entries.push(seal(entries.at(-1) ?? head, nthDraft(head.sequence + nth), at));
  return entries;
}

/** Appends so many entries, a thousand at a time. */
export async function fillWith(store: Store, count: number): Promise<void> {
  let head: Head = EMPTY_HEAD;
  while (head.sequence < count) {
    const entries = entriesAfter(head, Math.min(1000, count - head.sequence));
    await store.append(head, entries);
    head = entries.at(-1) ?? head;
  }
}

/** A fold that costs nothing: what is measured is the store. */
export const emptyFold: Fold<null, JournalChange> = {
  format: 1,
  knows: (change): change is JournalChange => change.kind !== "",
  initial: () => null,
  apply: (state) => state,
  partOf: () => undefined,
  parts: () => [],
  serialize: () => "",
  restore: (state) => state,
};
