import { chainDifference, EMPTY_HEAD, hashOf, sealDifference, sealedText } from "@executor-registry/resolver/internal";
import type { Draft, Entry, Head, JournalChange } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";

export { EMPTY_HEAD };

/** Puts a draft at the end of the chain. @param at ISO 8601 in UTC */
export function seal<C extends JournalChange>(head: Head, { actor, reason, change }: Draft<C>, at: string): Entry<C> {
  const entry = { sequence: head.sequence + 1, at, actor, reason, change, previous: head.hash };
  return { ...entry, hash: hashOf(sealedText(entry)) };
}

/**
 * Checks that entries follow each other and are what was written.
 * @param from where they start. @default EMPTY_HEAD
 * @returns the head after them
 * @throws BrokenJournalError naming the first entry that does not hold
 */
export function verifyChain(entries: Iterable<Entry>, from: Head = EMPTY_HEAD): Head {
  let head = from;
  for (const entry of entries) {
    const difference = chainDifference(head, entry);
    if (difference !== undefined) throw new BrokenJournalError(head.sequence + 1, difference);
    head = { sequence: entry.sequence, hash: entry.hash };
  }
  return head;
}

/**
 * Checks that an entry by itself is what was written.
 * @returns how many characters it has
 * @throws BrokenJournalError
 */
export function sealHolds(entry: Entry): number {
  const text = sealedText(entry);
  const difference = sealDifference(entry, text);
  if (difference !== undefined) throw new BrokenJournalError(entry.sequence, difference);
  return text.length;
}

/** Whether a store's entries after some head begin with these: by their hashes, which cover all before them. */
export const beginWith = (stored: readonly Pick<Entry, "hash">[], entries: readonly Entry[]): boolean =>
  entries.length > 0 && entries.every(({ hash }, at) => stored[at]?.hash === hash);
