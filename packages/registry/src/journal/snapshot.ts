import { createHash } from "node:crypto";
import type { Head, JournalChange, SnapshotPart } from "./entry.ts";
import type { Fold } from "./fold.ts";
import type { Store } from "./store.ts";

/**
 * A part whose text starts with a line that holds its hash: entries have the chain, a snapshot has this.
 * A flipped bit must not become a catalogue.
 */
function sealPart(key: string, text: string): SnapshotPart {
  return { key, text: `${checksum(key, text)}\n${text}` };
}

/** A part's text. @throws Error when it is not what was written */
function openPart({ key, text: sealed }: SnapshotPart): string {
  const end = sealed.indexOf("\n");
  const text = sealed.slice(end + 1);
  if (sealed.slice(0, Math.max(end, 0)) !== checksum(key, text)) throw new Error("its checksum does not match");
  return text;
}

/** Key and text are not put together: they would be copied, and there may be many. */
const checksum = (key: string, text: string): string =>
  createHash("sha256").update(key).update("\n").update(text).digest("hex");

/**
 * Saves the parts of a state that have changed since the stored snapshot; those of another replica's, which may have been
 * saved meanwhile, are as they are here or among these.
 * @param changed their keys; every part, as a complete snapshot, when absent
 */
export async function saveParts<S, C extends JournalChange>(
  { store, fold }: { readonly store: Store; readonly fold: Fold<S, C> },
  { state, head }: { readonly state: S; readonly head: Head },
  changed?: ReadonlySet<string>,
): Promise<void> {
  const all = [...fold.parts(state)];
  const snapshot = { head, format: fold.format, parts: all.length };
  await store.saveSnapshot(snapshot, sealed(changed ?? all), changed === undefined);

  function* sealed(keys: Iterable<string>): Generator<SnapshotPart> {
    for (const key of keys) yield sealPart(key, fold.serialize(state, key));
  }
}

/**
 * Puts the stored snapshot's parts together.
 * @returns `undefined` when there is none
 * @throws Error for one that is damaged, or of another format
 */
export async function loadParts<S, C extends JournalChange>(
  store: Store,
  fold: Fold<S, C>,
): Promise<{ state: S; head: Head } | undefined> {
  let state = fold.initial();
  let count = 0;
  let problem: Error | undefined;
  const snapshot = await store.loadSnapshot((part) => {
    count += 1;
    try {
      if (problem === undefined) state = fold.restore(state, part.key, openPart(part));
    } catch (error) {
      problem = error instanceof Error ? error : new Error(String(error));
    }
  }, fold.format);
  if (snapshot === undefined) return undefined;
  const { head, format, parts } = snapshot;
  if (format !== fold.format) throw new Error(`it has format ${format}; this release reads ${fold.format}`);
  if (problem !== undefined) throw problem;
  if (count !== parts) throw new Error(`it has ${count} parts of ${parts}`);
  return { state, head };
}
