import { setImmediate } from "node:timers/promises";
import type { Store } from "./store.ts";
import { EMPTY_HEAD, sealHolds } from "./chain.ts";
import type { Entry, Head, JournalFilter } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";

/** Entries that match, as many as fit. */
export interface Listing {
  /** Newest first, or in the order that the filter asks for. */
  readonly entries: readonly Entry[];
  /** Whether more match. */
  readonly more: boolean;
}

/** Bytes of a listing; one entry may have more. */
const MAX_BYTES = 2 << 20;
/** Entries that are read at once. */
const PORTION = 32;
/** Bytes after which others get a turn. */
const TURN_BYTES = 256 << 10;

/**
 * Lists entries, each shown to be what was written and to have the neighbours that it was written between.
 * @param head the last entry that is known
 * @throws BrokenJournalError naming the first entry that does not hold
 */
export async function listVerified(store: Store, filter: JournalFilter, head: Head): Promise<Listing> {
  const entries: Entry[] = [];
  let bytes = 0;
  let turn = 0;
  const ascending = filter.after !== undefined;
  let reached = ascending ? filter.after : filter.before;
  for (;;) {
    const limit = Math.min(PORTION, filter.limit + 1 - entries.length);
    const place = reached === undefined ? {} : ascending ? { after: reached } : { before: reached };
    const portion = await store.list({ ...filter, ...place, limit });
    const [first] = portion;
    if (entries.length === 0 && isUnfiltered(filter)) verifyFirst(first, filter, head);
    if (first === undefined) return { entries, more: false };
    for (const [index, entry] of portion.entries()) {
      const size = sealHolds(entry);
      const [listed, next] = [portion[index - 1] ?? entries.at(-1), portion[index + 1]];
      const neighbours = ascending ? { older: listed, newer: next } : { newer: listed, older: next };
      await verifyNeighbours(store, { ...neighbours, entry }, head);
      const full = entries.length > 0 && bytes + size > MAX_BYTES;
      if (full || entries.length === filter.limit) return { entries, more: true };
      entries.push(entry);
      bytes += size;
      turn += size;
      if (turn < TURN_BYTES) continue;
      await setImmediate();
      turn = 0;
    }
    reached = portion.at(-1)?.sequence;
  }
}

/** Where nothing is filtered out, it is known which entry comes first. */
function verifyFirst(first: Entry | undefined, { after }: JournalFilter, head: Head): void {
  if (after === undefined) {
    if (first !== undefined && first.sequence < head.sequence) throw missing(first.sequence + 1);
  } else if (first === undefined ? after < head.sequence : first.sequence > after + 1) {
    throw missing(after + 1);
  }
}

interface Neighbours {
  readonly newer: Entry | undefined;
  readonly entry: Entry;
  readonly older: Entry | undefined;
}

/** Those that are listed beside an entry may be its neighbours; else these are read. */
async function verifyNeighbours(store: Store, { newer, entry, older }: Neighbours, head: Head): Promise<void> {
  const { sequence } = entry;
  const read = async (at: number): Promise<Entry> => {
    const [found] = await store.read(at - 1, 1);
    if (found?.sequence !== at) throw missing(at);
    return found;
  };
  if (sequence === head.sequence && entry.hash !== head.hash) {
    throw new BrokenJournalError(sequence, `the store has hash ${entry.hash}, but ${head.hash} was written`);
  }
  // A newer one that is listed beside it was linked to it in its own turn.
  if (sequence < head.sequence && newer?.sequence !== sequence + 1) verifyLink(entry, await read(sequence + 1));
  if (older?.sequence === sequence - 1) verifyLink(older, entry);
  else if (sequence > 1) verifyLink(await read(sequence - 1), entry);
  else if (entry.previous !== EMPTY_HEAD.hash) throw notLinked(entry, EMPTY_HEAD);
}

function verifyLink(older: Entry, newer: Entry): void {
  if (newer.previous === older.hash) return;
  // Which of the two was changed, shows its own hash; else the one that says what is before it is named.
  sealHolds(older);
  sealHolds(newer);
  throw notLinked(newer, older);
}

const notLinked = ({ sequence, previous }: Entry, before: Head): BrokenJournalError =>
  new BrokenJournalError(
    sequence,
    `it says that it follows an entry with hash ${previous}, but the one before it has ${before.hash}`,
  );

const missing = (sequence: number): BrokenJournalError =>
  new BrokenJournalError(sequence, "it was written, but is missing");

const isUnfiltered = (filter: JournalFilter): boolean =>
  Object.entries(filter).every(([name, value]) => name === "limit" || name === "after" || value === undefined);
