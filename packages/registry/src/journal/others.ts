import { backoff } from "@executor-registry/resolver/internal";
import type { Clock, Logger, Random } from "@executor-registry/resolver";
import type { Head } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";
import type { Sharing, Store } from "./store.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** Milliseconds between two attempts to read a store that is away, at most. */
const MAX_PAUSE_MS = 2000;

/** What a shared store has lost of what it had acknowledged: after a failover to a copy that was behind, or a restored backup. */
export interface Loss {
  /** The first entry that is gone, as far as is known. */
  readonly sequence: number;
  readonly message: string;
}

/**
 * Compares the end of the chain as it is known with a store.
 * @param origin the hash of the first entry
 * @throws BrokenJournalError where the store has none of it: it is another one, or was emptied, and nothing is concluded from that
 * @throws StoreError
 */
export async function lossOf(
  store: Store,
  { sequence, hash }: Head,
  origin: string | undefined,
): Promise<Loss | undefined> {
  if (sequence === 0) return undefined;
  const [own] = await store.read(sequence - 1, 1);
  if (own?.sequence === sequence && own.hash === hash) return undefined;
  const [first] = await store.read(0, 1);
  if (first?.hash !== origin) {
    const what = first === undefined ? "the store is empty" : "the store holds another journal";
    throw new BrokenJournalError(1, `${what}, though ${sequence} entries were read from it before`);
  }
  const end = await store.head();
  const gone = end.sequence < sequence;
  const message = gone
    ? `entries that were acknowledged are gone: the journal had ${sequence}, and the store's ends at ${end.sequence}`
    : `entries that were acknowledged are gone: in place of entry ${sequence}, the store has another one`;
  return { sequence: gone ? end.sequence + 1 : sequence, message };
}

/** Something that follows a store. */
interface Following {
  refresh(): Promise<void>;
}

export interface FollowOptions {
  readonly sharing: Sharing;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Takes in what other services append, soon after: as the store announces it, and by asking from time to time, since announcements may
 * be lost. Goes on until the signal aborts. What keeps it from that is logged once while it stays the same.
 */
export async function followOthers(
  journal: Following,
  { sharing, clock, random, log }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  let announced = new AbortController();
  const stop = sharing.watch(() => announced.abort());
  let failures = 0;
  let said: string | undefined;
  try {
    while (!signal.aborted) {
      // What is announced from here on is read in the next round.
      announced = new AbortController();
      try {
        await journal.refresh();
        if (failures > 0) log.info({ failures }, "the store can be read again");
        [failures, said] = [0, undefined];
      } catch (error) {
        if (signal.aborted) return;
        log[said === String(error) ? "debug" : "error"](
          problemFields(error),
          "what others wrote cannot be read; answers are as they were, trying again",
        );
        said = String(error);
        failures += 1;
      }
      const pause = failures > 0 ? backoff(failures - 1, random, MAX_PAUSE_MS, sharing.pollMs) : sharing.pollMs;
      await clock.sleep(pause, AbortSignal.any([signal, announced.signal])).catch(() => {});
    }
  } finally {
    stop();
  }
}
