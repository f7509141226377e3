import { hash } from "node:crypto";
import { canonicalJson } from "./canonical.ts";
import type { Draft, Entry, Head, JournalChange } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";

/** The head of a journal without entries. */
export const EMPTY_HEAD: Head = { sequence: 0, hash: "0".repeat(64) };

/** Puts a draft at the end of the chain. @param at ISO 8601 in UTC */
export function seal<C extends JournalChange>(head: Head, { actor, reason, change }: Draft<C>, at: string): Entry<C> {
  const entry = { sequence: head.sequence + 1, at, actor, reason, change, previous: head.hash };
  return { ...entry, hash: hash("sha256", sealedText(entry)) };
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
    verifyNext(head, entry);
    head = { sequence: entry.sequence, hash: entry.hash };
  }
  return head;
}

function verifyNext(head: Head, entry: Entry): void {
  const sequence = head.sequence + 1;
  if (entry.sequence !== sequence) {
    throw new BrokenJournalError(sequence, `in its place is an entry that says it is number ${entry.sequence}`);
  }
  if (entry.previous !== head.hash) {
    throw new BrokenJournalError(
      sequence,
      `it says that it follows an entry with hash ${entry.previous}, but the one before it has ${head.hash}`,
    );
  }
  sealHolds(entry);
}

/**
 * Checks that an entry by itself is what was written.
 * @returns how many characters it has
 * @throws BrokenJournalError
 */
export function sealHolds(entry: Entry): number {
  const text = sealedText(entry);
  const actual = hash("sha256", text);
  if (entry.hash !== actual) {
    throw new BrokenJournalError(
      entry.sequence,
      `its hash should be ${entry.hash}, but what it says hashes to ${actual}`,
    );
  }
  return text.length;
}

/** Every member but `hash`, those that no release knows included: nothing can be slipped in. */
function sealedText(entry: Omit<Entry, "hash"> & { readonly hash?: string }): string {
  const { hash: _, ...covered } = entry;
  return canonicalJson(covered);
}
