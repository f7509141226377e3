import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Entry } from "../journal/entry.ts";
import { DeliveryError } from "./delivery-error.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** Where entries of the journal, or what is made of them, go. */
export interface Destination<Item> {
  readonly kind: string;
  /** How many items a delivery has at most. */
  readonly most: number;
  /** Whether what was written before it was configured goes there too. */
  readonly from: "first" | "now";
  /** What goes there of an entry; `undefined` for nothing. */
  select(entry: Entry): Promise<Item | undefined>;
  /** Resolves once the other side has them all. @throws what keeps it from that: all of them come again */
  deliver(items: readonly Item[], signal: AbortSignal): Promise<void>;
}

/** How a follower fares. */
export interface FollowerHealth {
  readonly name: string;
  readonly kind: string;
  /** The last delivery failed. */
  readonly failing: boolean;
  /** How many entries were not looked at yet. */
  readonly behind: number;
}

/** Follows the journal and delivers what it finds, at least once, in order. */
export interface Follower {
  readonly health: FollowerHealth;
  /** Goes on until the signal aborts. @throws StoreError, BrokenJournalError; called again, it goes on where it was */
  run(signal: AbortSignal): Promise<void>;
}

export interface FollowerOptions {
  /** As named in the configuration. */
  readonly name: string;
  /** Where its cursor is kept: another one starts from the beginning. */
  readonly cursor: string;
  readonly journal: FollowedJournal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What followers read. */
export type FollowedJournal = Pick<Catalogue, "head" | "list" | "onEntries" | "cursors">;

/** Entries that are read at once; fewer where they are large. */
const PAGE = 500;
/** Entries of which none went out, after which the place is kept all the same. */
const KEEP_AFTER = 1000;
/** Another replica's entries are found without being announced. */
const POLL_MS = 10_000;
const MAX_PAUSE_MS = 60_000;
/** The longest pause that the other side can ask for. */
const MAX_ASKED_PAUSE_MS = 15 * 60_000;

export function createFollower<Item>(destination: Destination<Item>, options: FollowerOptions): Follower {
  const { name, cursor, journal, clock, random, log } = options;
  const { kind } = destination;
  const facts = { follower: name, kind };
  let position: number | undefined;
  let kept = 0;
  let failing = false;

  async function begin(): Promise<number> {
    const { sequence: end } = journal.head;
    const found = await journal.cursors.cursor(cursor);
    if (found === undefined) return keep(destination.from === "first" ? 0 : end);
    // A store that lost its end is written on from there.
    if (found > end)
      log.warn({ ...facts, cursor: found, sequence: end }, "the journal is shorter than it was; following its end");
    return (kept = Math.min(found, end));
  }

  async function keep(sequence: number): Promise<number> {
    await journal.cursors.saveCursor(cursor, sequence);
    return (kept = sequence);
  }

  /** Tries until the other side has them. */
  async function deliver(items: readonly Item[], signal: AbortSignal): Promise<void> {
    let said: string | undefined;
    for (let failures = 0; ; failures += 1) {
      try {
        await destination.deliver(items, signal);
        if (failing) log.info(facts, "entries of the journal are delivered again");
        failing = false;
        return;
      } catch (error) {
        signal.throwIfAborted();
        failing = true;
        const asked = error instanceof DeliveryError ? (error.retryAfter ?? 0) : 0;
        const own = backoff(failures, random, MAX_PAUSE_MS);
        const ms = Math.round(Math.max(own, Math.min(asked, MAX_ASKED_PAUSE_MS)));
        // Once while it stays the same: a receiver may be away for days.
        log[said === String(error) ? "debug" : "warn"](
          { ...facts, ...problemFields(error), failures: failures + 1, ms },
          "entries of the journal cannot be delivered now, trying again",
        );
        said = String(error);
        await clock.sleep(ms, signal);
      }
    }
  }

  /** Delivers what there is after a place. @returns the place that was reached */
  async function advance(from: number, signal: AbortSignal): Promise<number> {
    const { entries } = await journal.list({ after: from, limit: PAGE });
    let items: Item[] = [];
    let reached = from;
    const flush = async (): Promise<void> => {
      if (items.length === 0) return;
      await deliver(items, signal);
      items = [];
      position = await keep(reached);
    };
    for (const entry of entries) {
      const item = await destination.select(entry);
      reached = entry.sequence;
      if (item !== undefined) items.push(item);
      if (items.length === destination.most) await flush();
    }
    await flush();
    if (reached - kept >= KEEP_AFTER) await keep(reached);
    return reached;
  }

  return {
    get health() {
      return { name, kind, failing, behind: Math.max(0, journal.head.sequence - (position ?? kept)) };
    },
    async run(signal) {
      let written = new AbortController();
      const stop = journal.onEntries(() => written.abort());
      try {
        // Another replica may have gone on from there meanwhile.
        position = await begin();
        while (!signal.aborted) {
          written = new AbortController();
          const reached = await advance(position, signal);
          if (reached === position) {
            await clock.sleep(POLL_MS, AbortSignal.any([signal, written.signal])).catch(() => {});
          }
          position = reached;
        }
      } catch (error) {
        failing ||= !signal.aborted;
        throw error;
      } finally {
        stop();
      }
    },
  };
}
