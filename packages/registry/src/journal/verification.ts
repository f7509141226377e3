import { setImmediate } from "node:timers/promises";
import type { Clock } from "@executor-registry/resolver";
import type { Store } from "./store.ts";
import { EMPTY_HEAD } from "./chain.ts";
import type { Entry, Head } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";
import { verifiedPages } from "./opening.ts";

/** Of the time that a gentle verification takes, this part is work; the rest is others'. */
const WORK_SHARE = 0.02;
/** Milliseconds that it works at a stretch, about. */
const STRETCH_MS = 2;
/** Entries that are read at once: few, since what lies about for long is collected late. */
const FIRST_PAGE = 16;
const MAX_PAGE = 32;

export interface VerificationOptions {
  readonly signal?: AbortSignal;
  /** Called with each entry that holds, in order; reading goes on when it has resolved. What it throws ends the reading. */
  take?(entry: Entry): void | Promise<void>;
  /**
   * Called, before the error is thrown, with what is in the place of the first entry that does not hold, and with the one after it: those of them
   * that can be read.
   */
  broken?(found: readonly Entry[]): void;
}

/**
 * Reads the whole chain again.
 * @param known the last entry that is known to be written
 * @param gently the clock by which it leaves readers most of the time; as fast as it can without one
 * @returns its head
 * @throws BrokenJournalError naming the first entry that does not hold
 */
export async function verifyJournal(
  store: Pick<Store, "read">,
  known: Head = EMPTY_HEAD,
  options: VerificationOptions & { readonly gently?: Clock } = {},
): Promise<Head> {
  try {
    return await readThrough(store, known, options);
  } catch (error) {
    if (error instanceof BrokenJournalError) options.broken?.(await foundAt(store, error.sequence));
    throw error;
  }
}

async function readThrough(
  store: Pick<Store, "read">,
  known: Head,
  { gently, signal, take }: VerificationOptions & { readonly gently?: Clock },
): Promise<Head> {
  let head = EMPTY_HEAD;
  let page = FIRST_PAGE;
  let began = gently?.now() ?? 0;
  for await (const entries of verifiedPages(store, EMPTY_HEAD, gently && (() => page))) {
    signal?.throwIfAborted();
    for (const entry of entries) {
      const { sequence, hash } = entry;
      head = { sequence, hash };
      if (sequence === known.sequence && hash !== known.hash) {
        throw new BrokenJournalError(sequence, `the store has hash ${hash}, but ${known.hash} was written`);
      }
      await take?.(entry);
    }
    if (gently === undefined) {
      // A store may answer without giving signals their turn.
      await setImmediate();
      continue;
    }
    const worked = Math.max(1, gently.now() - began);
    page = worked > STRETCH_MS ? Math.max(1, page >> 1) : Math.min(MAX_PAGE, page * 2);
    await gently.sleep((worked * (1 - WORK_SHARE)) / WORK_SHARE, signal);
    began = gently.now();
  }
  if (head.sequence < known.sequence) throw new BrokenJournalError(head.sequence + 1, "it was written, but is missing");
  return head;
}

/** What a store has in a place and after it, however damaged. */
async function foundAt(store: Pick<Store, "read">, sequence: number): Promise<readonly Entry[]> {
  const found = new Map<number, Entry>();
  for (const after of [sequence - 1, sequence]) {
    const [entry] = await store.read(after, 1).catch(() => []);
    if (entry !== undefined) found.set(entry.sequence, entry);
  }
  return [...found.values()];
}
