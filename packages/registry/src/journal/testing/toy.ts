import { hash } from "node:crypto";
import { EMPTY_HEAD, seal } from "../chain.ts";
import type { Draft, Entry, Head, JournalChange } from "../entry.ts";
import type { Fold } from "../fold.ts";

/** A type was given tags. */
export interface ToyChange extends JournalChange {
  readonly tags: readonly string[];
}

/** A draft that gives an image of a type a tag. */
export function tagged(type: string, tag: string, actor = "source:toy"): Draft<ToyChange> {
  const digest = `sha256:${hash("sha256", type)}`;
  const repository = `registry.test/team/executor-${type}`;
  return {
    actor,
    reason: `the tag ${tag} moved`,
    change: { kind: "image-tagged", type, repository, digest, tags: [tag] },
  };
}

/** The entries that drafts become. @param at of all of them. @default 2026-11-23T00:00:00.000Z */
export function sealedAfter<C extends JournalChange>(
  head: Head,
  drafts: readonly Draft<C>[],
  at = "2026-11-23T00:00:00.000Z",
): Entry<C>[] {
  const entries: Entry<C>[] = [];
  for (const draft of drafts) entries.push(seal<C>(entries.at(-1) ?? head, draft, at));
  return entries;
}

/** A whole journal of so many entries, of a few types. */
export function journalOf(count: number): Entry<ToyChange>[] {
  return sealedAfter(
    EMPTY_HEAD,
    Array.from({ length: count }, (_, at) => tagged(`type-${at % 7}`, `1.0.${at}`)),
  );
}

/** Which tags each type was given, in order. Changed in place. */
export type ToyState = Map<string, string[]>;

/** A fold in which order and every single entry show. */
export const toyFold: Fold<ToyState, ToyChange> = {
  format: 1,
  knows: (change): change is ToyChange => change.kind === "image-tagged",
  initial: () => new Map(),
  apply(state, { change }) {
    const { type = "" } = change;
    const tags = state.get(type) ?? [];
    state.set(type, tags);
    tags.push(...change.tags);
    return state;
  },
  partOf: ({ change }) => change.type ?? "",
  parts: (state) => state.keys(),
  serialize: (state, type) => JSON.stringify(state.get(type)),
  restore: (state, type, text) => state.set(type, JSON.parse(text) as string[]),
};
