import { hash } from "node:crypto";
import { canonicalJson } from "./canonical.ts";

/** An entry of a journal, as far as its chain goes. */
export interface ChainedEntry {
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  readonly at: string;
  readonly change: { readonly kind: string };
  /** Hash of the previous entry; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256, in hex, of {@link sealedText}. */
  readonly hash: string;
}

/** The end of a chain. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The head of a journal without entries. */
export const EMPTY_HEAD: ChainHead = { sequence: 0, hash: "0".repeat(64) };

/** What an entry's hash covers: every member but `hash`, those that no release knows included, so that nothing can be slipped in. */
export function sealedText(entry: object): string {
  const { hash: _, ...covered } = entry as { readonly hash?: unknown };
  return canonicalJson(covered);
}

/** @param text of an entry, by {@link sealedText} */
export const hashOf = (text: string): string => hash("sha256", text);

/** In words, why an entry by itself is not what was written; `undefined` when it is. */
export function sealDifference(entry: Pick<ChainedEntry, "hash">, text = sealedText(entry)): string | undefined {
  const actual = hashOf(text);
  return entry.hash === actual ? undefined : `its hash should be ${entry.hash}, but what it says hashes to ${actual}`;
}

/** In words, why an entry is not the one that was written after a head; `undefined` when it is. */
export function chainDifference(head: ChainHead, entry: ChainedEntry): string | undefined {
  if (entry.sequence !== head.sequence + 1) {
    return `in its place is an entry that says it is number ${entry.sequence}`;
  }
  if (entry.previous !== head.hash) {
    return `it says that it follows an entry with hash ${entry.previous}, but the one before it has ${head.hash}`;
  }
  return sealDifference(entry);
}
