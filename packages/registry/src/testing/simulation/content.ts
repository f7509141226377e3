import assert from "node:assert/strict";
import { CATALOGUE_FOLD } from "../../catalogue/stored.ts";
import { applyEntry, emptyCatalogue } from "../../catalogue/fold.ts";
import type { CatalogueState } from "../../catalogue/state.ts";
import type { Entry } from "../../journal/entry.ts";
import { loadParts } from "../../journal/snapshot.ts";
import type { Store } from "../../journal/store.ts";
import { type Change, isChange } from "../../model/change.ts";

/** The first entries of a store's journal; all of them where no number is given. */
export async function entriesOf(store: Store, count = Infinity): Promise<readonly Entry<Change>[]> {
  const entries = await store.read(0, count);
  return entries.map((entry) => {
    const { change } = entry;
    assert.ok(isChange(change));
    return { ...entry, change };
  });
}

export const foldOf = (entries: readonly Entry<Change>[]): CatalogueState =>
  entries.reduce(applyEntry, emptyCatalogue());

/** What is in the state, but for answers that are kept to be found again. */
export function contentOf({
  types,
  reads,
  repositories,
  policy,
  versionPolicies,
  policiesSet,
}: CatalogueState): unknown {
  const plain = [...types.values()].map((type) => ({
    ...type,
    answer: undefined,
    images: [...type.images],
  }));
  const content = {
    types: plain.sort((a, b) => (a.type < b.type ? -1 : 1)),
    reads: Object.fromEntries(reads),
    repositories: Object.fromEntries([...repositories].map(([name, names]) => [name, [...names].sort()])),
    policy,
    versionPolicies,
    policiesSet,
  };
  // Members in whatever order, and those that are undefined, are the same in a journal and a snapshot.
  return JSON.parse(JSON.stringify(content));
}

/** @throws where the stored snapshot is not the fold of the journal up to where it says that it was taken */
export async function checkSnapshot(store: Store): Promise<void> {
  const snapshot = await loadParts(store, CATALOGUE_FOLD);
  if (snapshot === undefined) return;
  const { state, head } = snapshot;
  const fold = foldOf(await entriesOf(store, head.sequence));
  assert.deepEqual(
    contentOf(state),
    contentOf(fold),
    `the snapshot at ${head.sequence} is not the fold of the journal`,
  );
}
