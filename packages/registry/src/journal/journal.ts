import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { ConflictError } from "./store-errors.ts";
import type { Store } from "./store.ts";
import { seal } from "./chain.ts";
import type { Draft, Entry, Head, JournalChange, JournalFilter } from "./entry.ts";
import { type Attempts, StoreContact } from "./contact.ts";
import { BrokenJournalError, JournalClosedError } from "./errors.ts";
import type { Fold } from "./fold.ts";
import { type Listing, listVerified } from "./listing.ts";
import { type Loss, lossOf } from "./others.ts";
import { addParts, foldIn, known, type Position, restore, verifiedPages } from "./opening.ts";
import { Seal, type SealState } from "./seal.ts";
import { saveParts } from "./snapshot.ts";
import { causedBy, NO_SPAN, type Span } from "../tracing/tracer.ts";
import { verifyJournal } from "./verification.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** How often an append decides again because another writer was faster. */
const MAX_ATTEMPTS = 50;
/** Milliseconds that a writer that keeps losing waits at most. */
const MAX_WAIT_MS = 200;

/** The name of a cursor that is written to find out whether a store can be written. */
const ASKED = "store-asked";

/** Every change, in order, and the state that they add up to. */
export interface Journal<S, C extends JournalChange> {
  /** The fold of everything up to {@link Journal.head}. Changed by this journal alone. */
  readonly state: S;
  readonly head: Head;
  /**
   * Writes what `decide` wants written, given the current state. It is asked again when another writer came first, so
   * it must do nothing but decide. Appends happen one after the other. The state changes once the store has it for good.
   * @param signal stops waiting; what the store was already given may still be written
   * @param causes the work that wants it written, for traces
   * @returns the entries; none when there was nothing to write
   * @throws StoreError when it cannot be written: the state is as before
   * @throws ConflictError when others kept coming first
   * @throws BrokenJournalError when the store holds something else than what was written
   */
  append(
    decide: (state: S) => readonly Draft<C>[],
    signal?: AbortSignal,
    causes?: readonly Span[],
  ): Promise<readonly Entry<C>[]>;
  /**
   * Calls `listener` with entries, in order, when the state has them; `ours` are those that this journal appended and knows to be written.
   * `span` is that of the append, where it has a cause.
   * @returns what stops it
   */
  onEntries(listener: (entries: readonly Entry<C>[], ours: boolean, span?: Span) => void): () => void;
  /**
   * Calls `listener` when the state was made again from the store, which had lost what it had acknowledged: anything may have changed.
   * @returns what stops it
   */
  onReset(listener: (before: S) => void): () => void;
  /**
   * Folds in what other replicas appended. Where a shared store has lost entries, the state is made again from what it has. Those who ask
   * before it begins share one: where the store is away, each would wait for its time otherwise, one after the other.
   * @throws StoreError, BrokenJournalError
   */
  refresh(): Promise<void>;
  /** The hash of the first entry, which tells journals apart; `undefined` while there is none. */
  readonly origin: string | undefined;
  /** When the state was last known to be all that the store holds, in milliseconds since the Unix epoch. */
  readonly confirmed: number;
  /** What is known of the chain's state. */
  readonly seal: SealState;
  /** How the store answers when it is read, and when it is appended to. */
  readonly contact: Readonly<Record<"read" | "write", Attempts>>;
  /** Finds out when a store that could not be appended to can be, also while there is nothing to write; goes on until the signal aborts. */
  watchStore(signal: AbortSignal): Promise<void>;
  /**
   * The entries that match, newest first, as many as fit into a page; each is verified. Times of any offset and precision.
   * @throws StoreError, BrokenJournalError
   */
  list(filter: JournalFilter): Promise<Listing>;
  /**
   * Reads the whole chain again.
   * @param options.gently leaves readers most of the time
   * @returns its head
   * @throws BrokenJournalError naming the first entry that does not hold
   */
  verify(options?: { readonly gently?: boolean; readonly signal?: AbortSignal }): Promise<Head>;
  /** Has the next snapshot keep a part that was changed by no entry: by what a reader notes in it. */
  touch(part: string): void;
  /** Keeps the state, so that the next start replays only what comes after. @throws StoreError */
  saveSnapshot(): Promise<void>;
  /** Waits for what is being appended and saves a snapshot. The store stays open. */
  close(): Promise<void>;
}

export interface JournalOptions<S, C extends JournalChange> {
  readonly store: Store;
  readonly fold: Fold<S, C>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A snapshot is saved when this many entries came since the last. @default 1000 */
  readonly snapshotEvery?: number;
  /** @default Math.random */
  readonly random?: Random;
}

/**
 * Restores the state from the store.
 * @throws BrokenJournalError when what it would replay does not hold
 * @throws StoreError
 */
export async function openJournal<S, C extends JournalChange>(options: JournalOptions<S, C>): Promise<Journal<S, C>> {
  const { store, fold, clock, log, snapshotEvery = 1000, random = Math.random } = options;
  const inTurn = serial();
  const sealed = new Seal(store.findings, clock, log);
  const contact = new StoreContact();
  const listeners = new Set<(entries: readonly Entry<C>[], ours: boolean, span?: Span) => void>();
  const restored = await restore(store, fold, log);
  let position: Position<S> = { state: restored.state, head: restored.head, at: restored.at };
  let { saved } = restored;
  /** What the stored snapshot lacks: these parts, or everything. */
  let changed: Set<string> | undefined = restored.changed && new Set(restored.changed);
  let attempted = saved;
  let confirmed = clock.now();
  let origin = position.head.sequence === 0 ? undefined : (await store.read(0, 1))[0]?.hash;
  let closed = false;
  const passedOver = new Set<string>();
  const resets = new Set<(before: S) => void>();

  const take = (all: readonly Entry[], ours: boolean, span?: Span): void => {
    if (all.length === 0) return;
    position = foldIn(position, all, fold);
    if (all[0]?.sequence === 1) origin = all[0].hash;
    const entries = known(all, fold);
    if (entries.length < all.length) passOver(all);
    if (changed !== undefined) addParts(changed, entries, fold);
    for (const listener of listeners) {
      try {
        listener(entries, ours, span);
      } catch (problem) {
        log.error({ ...problemFields(problem), sequence: position.head.sequence }, "a listener of the journal failed");
      }
    }
    snapshotIfDue();
  };

  /** A newer release writes beside this one: what it adds is kept, and means nothing here. */
  const passOver = (all: readonly Entry[]): void => {
    for (const { change, sequence } of all) {
      if (fold.knows(change) || passedOver.has(change.kind)) continue;
      passedOver.add(change.kind);
      log.warn({ sequence, change: change.kind }, "entries of a kind that this release does not know are passed over");
    }
  };

  const takeOthers = async (): Promise<void> => {
    const now = clock.now();
    if (store.sharing !== undefined) {
      if ((await store.head()).hash === position.head.hash) return void (confirmed = now);
      const loss = await lossOf(store, position.head, origin);
      if (loss !== undefined) return foldAgain(loss);
    }
    for await (const entries of verifiedPages(store, position.head)) take(entries, false);
    confirmed = now;
  };

  /** What a store has lost, no replica can give back: all go on from what it has, and say so until they end. */
  const foldAgain = async (loss: Loss): Promise<void> => {
    const now = clock.now();
    const again = await restore(store, fold, log);
    sealed.loses(loss);
    const { state: before } = position;
    position = { state: again.state, head: again.head, at: again.at };
    saved = attempted = again.saved;
    changed = again.changed && new Set(again.changed);
    confirmed = now;
    for (const listener of resets) listener(before);
  };

  const save = async (): Promise<void> => {
    const { sequence } = position.head;
    if (sequence === saved && (changed?.size ?? 0) === 0) return;
    attempted = sequence;
    await saveParts({ store, fold }, position, changed);
    saved = sequence;
    changed = new Set();
  };

  /** A snapshot that cannot be saved costs time at the next start, nothing else. */
  const trySave = (): Promise<void> =>
    save().catch((problem: unknown) => {
      log.warn({ ...problemFields(problem), store: store.description }, "the journal's snapshot could not be saved");
    });

  const snapshotIfDue = (): void => {
    if (position.head.sequence - attempted < snapshotEvery) return;
    attempted = position.head.sequence;
    void inTurn(trySave);
  };

  const write = async (
    decide: (state: S) => readonly Draft<C>[],
    signal?: AbortSignal,
    causes: readonly Span[] = [],
  ): Promise<readonly Entry<C>[]> => {
    let span: Span | undefined;
    try {
      return await attempts(decide, signal, () => (span ??= causedBy(causes, "journal append", {}, () => NO_SPAN)));
    } catch (problem) {
      span?.end(problem);
      throw problem;
    }
  };

  const attempts = async (
    decide: (state: S) => readonly Draft<C>[],
    signal: AbortSignal | undefined,
    begin: () => Span,
  ): Promise<readonly Entry<C>[]> => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const entries = sealedAfter(position, decide(position.state), clock.now());
      if (entries.length === 0) return entries;
      const span = begin();
      try {
        const now = clock.now();
        await contact.noting("write", store.append(position.head, entries));
        confirmed = now;
      } catch (problem) {
        if (!(problem instanceof ConflictError)) throw problem;
        // Not between reading and appending: others, who do not wait, would come first again.
        if (attempt > 1 && attempt < MAX_ATTEMPTS)
          await clock.sleep(random() * Math.min(MAX_WAIT_MS, 2 ** attempt), signal);
        await contact.noting("read", takeOthersAfter(problem));
        if (attempt === MAX_ATTEMPTS) throw problem;
        continue;
      }
      span.set({ entries: entries.length, sequence: position.head.sequence + entries.length, attempts: attempt });
      take(entries, true, span);
      span.end();
      return entries;
    }
  };

  const takeOthersAfter = async ({ actual }: ConflictError): Promise<void> => {
    const before = position.head;
    await takeOthers();
    if (position.head !== before) return;
    const difference =
      actual.sequence < before.sequence
        ? `it was written, but the store's journal ends at ${actual.sequence} now`
        : `the store has hash ${actual.hash}, but ${before.hash} was written`;
    throw new BrokenJournalError(Math.min(before.sequence, actual.sequence + 1), difference);
  };

  /** What is asked for, and has not begun. */
  let refreshing: Promise<void> | undefined;
  const beginRefresh = (): Promise<void> => {
    refreshing = undefined;
    return contact.noting("read", takeOthers());
  };

  const whileOpen = <T>(task: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(new JournalClosedError()) : inTurn(task);

  snapshotIfDue();
  return {
    get state() {
      return position.state;
    },
    get head() {
      return position.head;
    },
    append: (decide, signal, causes) => whileOpen(() => write(decide, signal, causes)),
    onEntries(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onReset(listener) {
      resets.add(listener);
      return () => resets.delete(listener);
    },
    refresh: () => (refreshing ??= whileOpen(beginRefresh)),
    get origin() {
      return origin;
    },
    get confirmed() {
      return confirmed;
    },
    get seal() {
      return sealed.state;
    },
    get contact() {
      return contact.state;
    },
    watchStore: (signal) => contact.keepAsking(() => store.saveCursor(ASKED, position.head.sequence), clock, signal),
    list({ from, until, ...filter }) {
      const times = {
        ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      };
      return contact.noting("read", sealed.noting(listVerified(store, { ...filter, ...times }, position.head)));
    },
    async verify({ gently = false, signal } = {}) {
      const how = { ...(gently && { gently: clock }), ...(signal && { signal }) };
      const head = await contact.noting("read", sealed.noting(verifyJournal(store, position.head, how)));
      sealed.holds(head);
      return head;
    },
    touch: (part) => void changed?.add(part),
    saveSnapshot: () => whileOpen(save),
    close() {
      if (closed) return inTurn(async () => undefined);
      closed = true;
      return inTurn(trySave);
    },
  };
}

/** Time never goes backwards in the journal, whatever the machine's clock does. */
function sealedAfter<C extends JournalChange>(
  { head, at }: Position<unknown>,
  drafts: readonly Draft<C>[],
  now: number,
): readonly Entry<C>[] {
  const time = new Date(at === "" ? now : Math.max(now, Date.parse(at))).toISOString();
  const entries: Entry<C>[] = [];
  for (const draft of drafts) {
    const entry = seal(head, draft, time);
    entries.push(entry);
    head = entry;
  }
  return entries;
}

/** Runs tasks one after the other, in the order they were given; a task that fails does not keep the next from running. */
export function serial(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task);
    last = run.catch(() => undefined);
    return run;
  };
}
