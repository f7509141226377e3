import { hash } from "node:crypto";
import type { Digest } from "@executor-registry/resolver";
import { EMPTY_HEAD, seal } from "../chain.ts";
import type { Draft, Entry, Head } from "../entry.ts";
import type { Fold } from "../fold.ts";

/** A draft that gives an image of a type a tag. */
export function tagged(type: string, tag: string, actor = "source:toy"): Draft {
  const digest = `sha256:${hash("sha256", type)}` as Digest;
  const repository = `registry.test/team/executor-${type}`;
  return {
    actor,
    reason: `the tag ${tag} moved`,
    change: { kind: "image-tagged", type, repository, digest, tags: [tag] },
  };
}

/** The entries that drafts become. @param at of all of them. @default 2026-11-23T00:00:00.000Z */
export function sealedAfter(head: Head, drafts: readonly Draft[], at = "2026-11-23T00:00:00.000Z"): Entry[] {
  const entries: Entry[] = [];
  for (const draft of drafts) entries.push(seal(entries.at(-1) ?? head, draft, at));
  return entries;
}

/** A whole journal of so many entries, of a few types. */
export function journalOf(count: number): Entry[] {
  return sealedAfter(
    EMPTY_HEAD,
    Array.from({ length: count }, (_, at) => tagged(`type-${at % 7}`, `1.0.${at}`)),
  );
}

/** Which tags each type was given, in order. Changed in place. */
export type ToyState = Map<string, string[]>;

/** A fold in which order and every single entry show. */
export const toyFold: Fold<ToyState> = {
  format: 1,
  initial: () => new Map(),
  apply(state, { change }) {
    const { type = "" } = change;
    const tags = state.get(type) ?? [];
    state.set(type, tags);
    if (change.kind === "image-tagged") tags.push(...change.tags);
    return state;
  },
  partOf: ({ change }) => change.type ?? "",
  parts: (state) => state.keys(),
  serialize: (state, type) => JSON.stringify(state.get(type)),
  restore: (state, type, text) => state.set(type, JSON.parse(text) as string[]),
};
