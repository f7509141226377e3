import { ExecutorRegistryError, type Logger } from "@executor-registry/resolver";
import type { Store } from "./store.ts";
import { EMPTY_HEAD, verifyChain } from "./chain.ts";
import type { Entry, Head, JournalChange } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";
import type { Fold } from "./fold.ts";
import { loadParts } from "./snapshot.ts";

/** How many entries are read at once. */
const PAGE = 1000;

/** A state and the place in the chain that it was folded up to. */
export interface Position<S> {
  readonly state: S;
  readonly head: Head;
  /** The head's time; empty while there is none. */
  readonly at: string;
}

/** A position, and what lies between it and the stored snapshot. */
export interface Opened<S> extends Position<S> {
  /** The sequence of the stored snapshot; 0 when there is none that can be used. */
  readonly saved: number;
  /** The parts that have changed since; all of them when there is none. */
  readonly changed: ReadonlySet<string> | undefined;
}

/** Restores the state from the snapshot and what was appended since. @throws BrokenJournalError */
export async function restore<S, C extends JournalChange>(
  store: Store,
  fold: Fold<S, C>,
  log: Logger,
): Promise<Opened<S>> {
  const start = await fromSnapshot(store, fold, log);
  const changed = new Set<string>();
  let position: Position<S> = start ?? { state: fold.initial(), head: EMPTY_HEAD, at: "" };
  for await (const entries of verifiedPages(store, position.head)) {
    position = foldIn(position, entries, fold);
    addParts(changed, known(entries, fold), fold);
  }
  return { ...position, saved: start?.head.sequence ?? 0, changed: start && changed };
}

/**
 * Everything after `from`, page by page, verified.
 * @param size asked for each page
 * @throws BrokenJournalError
 */
export async function* verifiedPages(
  store: Pick<Store, "read">,
  from: Head,
  size: () => number = () => PAGE,
): AsyncGenerator<readonly Entry[], void> {
  let head = from;
  for (let limit = size(); ;) {
    let entries: readonly Entry[];
    try {
      entries = await store.read(head.sequence, limit);
      if (entries.length === 0) return;
      head = verifyChain(entries, head);
    } catch (error) {
      // What lies before the entry is read without it: it holds, or an earlier one does not.
      if (!(error instanceof BrokenJournalError) || error.sequence <= head.sequence + 1) throw error;
      limit = error.sequence - 1 - head.sequence;
      continue;
    }
    yield entries;
    limit = size();
  }
}

/** The entries whose changes a fold knows. */
export const known = <S, C extends JournalChange>(entries: readonly Entry[], fold: Fold<S, C>): readonly Entry<C>[] =>
  entries.filter((entry): entry is Entry<C> => fold.knows(entry.change));

/** Notes which parts of the state entries change. */
export function addParts<S, C extends JournalChange>(
  changed: Set<string>,
  entries: readonly Entry<C>[],
  fold: Fold<S, C>,
): void {
  for (const entry of entries) {
    const part = fold.partOf(entry);
    if (part !== undefined) changed.add(part);
  }
}

/** The position after some verified entries. */
export function foldIn<S, C extends JournalChange>(
  position: Position<S>,
  entries: readonly Entry[],
  fold: Fold<S, C>,
): Position<S> {
  const last = entries.at(-1);
  if (last === undefined) return position;
  let { state } = position;
  for (const entry of known(entries, fold)) state = fold.apply(state, entry);
  return { state, head: { sequence: last.sequence, hash: last.hash }, at: last.at };
}

/** Where the stored snapshot leads to; `undefined` when there is none that can be used. */
async function fromSnapshot<S, C extends JournalChange>(
  store: Store,
  fold: Fold<S, C>,
  log: Logger,
): Promise<Position<S> | undefined> {
  const passOver = (problem: string): undefined => {
    log.warn(
      { store: store.description, code: "internal", problem },
      "the snapshot cannot be used; replaying the whole journal",
    );
    return undefined;
  };
  let snapshot: Awaited<ReturnType<typeof loadParts<S, C>>>;
  try {
    snapshot = await loadParts(store, fold);
  } catch (problem) {
    if (problem instanceof ExecutorRegistryError) throw problem;
    return passOver(problem instanceof Error ? problem.message : String(problem));
  }
  if (snapshot === undefined) return undefined;

  const { head } = snapshot;
  const [entry] = await store.read(head.sequence - 1, 1);
  if (entry === undefined) {
    const { sequence: end } = await store.head();
    throw new BrokenJournalError(end + 1, `it is missing, although a snapshot was taken at entry ${head.sequence}`);
  }
  if (entry.sequence !== head.sequence || entry.hash !== head.hash) return passOver("it was taken of another journal");
  return { ...snapshot, at: entry.at };
}
