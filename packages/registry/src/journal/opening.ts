import type { Logger } from "@executor-registry/resolver";
import type { Store } from "../stores/store.ts";
import { EMPTY_HEAD, verifyChain } from "./chain.ts";
import type { Entry, Head, StoredSnapshot } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";
import type { Fold } from "./fold.ts";
import { openSnapshot } from "./snapshot.ts";

/** How many entries are read at once. */
const PAGE = 1000;

/** A state and the place in the chain that it was folded up to. */
export interface Position<S> {
  readonly state: S;
  readonly head: Head;
  /** The head's time; empty while there is none. */
  readonly at: string;
}

/** A position, and how many entries had to be replayed to get there. */
export interface Opened<S> extends Position<S> {
  readonly replayed: number;
}

/** Restores the state from the snapshot and what was appended since. @throws BrokenJournalError */
export async function restore<S>(store: Store, fold: Fold<S>, log: Logger): Promise<Opened<S>> {
  const start = (await fromSnapshot(store, fold, log)) ?? { state: fold.initial(), head: EMPTY_HEAD, at: "" };
  let position: Position<S> = start;
  for await (const entries of verifiedPages(store, start.head)) position = foldIn(position, entries, fold);
  return { ...position, replayed: position.head.sequence - start.head.sequence };
}

/** Everything after `from`, page by page, verified. @throws BrokenJournalError */
export async function* verifiedPages(store: Store, from: Head): AsyncGenerator<readonly Entry[], void> {
  let head = from;
  for (;;) {
    const entries = await store.read(head.sequence, PAGE);
    if (entries.length === 0) return;
    head = verifyChain(entries, head);
    yield entries;
    if (entries.length < PAGE) return;
  }
}

/** The position after some verified entries. */
export function foldIn<S>(position: Position<S>, entries: readonly Entry[], fold: Fold<S>): Position<S> {
  const last = entries.at(-1);
  if (last === undefined) return position;
  let { state } = position;
  for (const entry of entries) state = fold.apply(state, entry);
  return { state, head: { sequence: last.sequence, hash: last.hash }, at: last.at };
}

/** Where the stored snapshot leads to; `undefined` when there is none that can be used. */
async function fromSnapshot<S>(store: Store, fold: Fold<S>, log: Logger): Promise<Position<S> | undefined> {
  const snapshot = await store.loadSnapshot();
  if (snapshot === undefined) return undefined;
  const { sequence } = snapshot.head;
  const state = readState(snapshot, fold, log, store);
  if (state === undefined) return undefined;

  const [entry] = await store.read(sequence - 1, 1);
  if (entry === undefined) {
    const { sequence: end } = await store.head();
    throw new BrokenJournalError(end + 1, `it is missing, although a snapshot was taken at entry ${sequence}`);
  }
  if (entry.sequence !== sequence || entry.hash !== snapshot.head.hash) {
    warn(log, store, sequence, "it was taken of another journal");
    return undefined;
  }
  return { state: state.value, head: snapshot.head, at: entry.at };
}

function readState<S>(snapshot: StoredSnapshot, fold: Fold<S>, log: Logger, store: Store): { value: S } | undefined {
  try {
    return { value: fold.parse(openSnapshot(snapshot)) };
  } catch (problem) {
    warn(log, store, snapshot.head.sequence, problem instanceof Error ? problem.message : String(problem));
    return undefined;
  }
}

function warn(log: Logger, store: Store, sequence: number, problem: string): void {
  const fields = { store: store.description, sequence, problem };
  log.warn(fields, "the snapshot cannot be used; replaying the whole journal");
}
