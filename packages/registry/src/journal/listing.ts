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
/** Entries whose neighbours are read at once: one after the other, each would cost the way to the store and back. */
const AHEAD = 8;
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
    const last = entries.at(-1);
    const places = portion.map((entry, index): Place => {
      const [listed, next] = [portion[index - 1] ?? last, portion[index + 1]];
      return { entry, ...(ascending ? { older: listed, newer: next } : { newer: listed, older: next }) };
    });
    const neighbours: Neighbours[] = [];
    for (const [index, place] of places.entries()) {
      for (const ahead of places.slice(neighbours.length, index + AHEAD))
        neighbours.push(readNeighbours(store, ahead, head));
      const { entry } = place;
      const size = sealHolds(entry);
      await verifyNeighbours(place, neighbours[index] ?? {}, head);
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

/** An entry, and those that are listed beside it, which may be its neighbours. */
interface Place {
  readonly newer: Entry | undefined;
  readonly entry: Entry;
  readonly older: Entry | undefined;
}

/** Those of an entry's neighbours that are not listed beside it. */
interface Neighbours {
  readonly newer?: Promise<Entry> | undefined;
  readonly older?: Promise<Entry> | undefined;
}

function readNeighbours(store: Store, { newer, entry: { sequence }, older }: Place, head: Head): Neighbours {
  const read = (at: number): Promise<Entry> => {
    const reading = store.read(at - 1, 1).then(([found]) => {
      if (found?.sequence !== at) throw missing(at);
      return found;
    });
    // What fails, fails when it is the entry's turn.
    reading.catch(() => {});
    return reading;
  };
  return {
    // A newer one that is listed beside it was linked to it in its own turn.
    newer: sequence < head.sequence && newer?.sequence !== sequence + 1 ? read(sequence + 1) : undefined,
    older: sequence > 1 && older?.sequence !== sequence - 1 ? read(sequence - 1) : undefined,
  };
}

async function verifyNeighbours(
  { entry, older }: Place,
  { newer, older: before }: Neighbours,
  head: Head,
): Promise<void> {
  const { sequence } = entry;
  if (sequence === head.sequence && entry.hash !== head.hash) {
    throw new BrokenJournalError(sequence, `the store has hash ${entry.hash}, but ${head.hash} was written`);
  }
  if (newer) verifyLink(entry, await newer);
  if (before) verifyLink(await before, entry);
  else if (older?.sequence === sequence - 1) verifyLink(older, entry);
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
