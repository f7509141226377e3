import { ConfigurationError } from "@executor-registry/resolver";
import { beginWith, EMPTY_HEAD } from "../journal/chain.ts";
import type { Entry, Head, JournalFilter, SnapshotHead } from "../journal/entry.ts";
import { ConflictError } from "../journal/store-errors.ts";
import type { Store } from "../journal/store.ts";
import type { StoreKind } from "./store-kind.ts";

/** This process alone, as long as it lives. */
export const memoryKind: StoreKind = {
  schemes: ["memory"],
  forms: ["memory:"],
  takes: [],
  accepts: (address) => address === "memory:",
  open: async () => memoryStore(),
  problem: async () => undefined,
  async verify() {
    throw new ConfigurationError(
      "a store in memory ends with its service, and cannot be read from outside it; /health shows its journal, and /journal?format=ndjson exports it",
    );
  },
};

/** Keeps the journal in this process, as long as it lives: for development and tests. */
export function memoryStore(): Store {
  const entries: Entry[] = [];
  let snapshot: SnapshotHead | undefined;
  const parts = new Map<string, string>();
  const cursors = new Map<string, number>();
  const head = (): Head => {
    const last = entries.at(-1);
    return last === undefined ? EMPTY_HEAD : { sequence: last.sequence, hash: last.hash };
  };

  return {
    description: "memory:",
    findings: [],
    head: async () => head(),
    async append(expected, added) {
      const actual = head();
      if (actual.sequence !== expected.sequence || actual.hash !== expected.hash) {
        if (beginWith(entries.slice(expected.sequence), added)) return;
        throw new ConflictError(expected, actual);
      }
      for (const entry of added) entries.push(entry);
    },
    read: async (after, limit) => entries.slice(after, after + limit),
    list: async (filter) => matching(entries, filter),
    async saveSnapshot(next, changed, complete) {
      if (snapshot !== undefined && next.head.sequence < snapshot.head.sequence) return;
      const put = [...changed];
      if (complete) parts.clear();
      for (const { key, text } of put) parts.set(key, text);
      snapshot = next;
    },
    async loadSnapshot(take) {
      if (snapshot !== undefined) for (const [key, text] of parts) take({ key, text });
      return snapshot;
    },
    cursor: async (name) => cursors.get(name),
    saveCursor: async (name, sequence) => void cursors.set(name, sequence),
    close: async () => undefined,
  };
}

function matching(entries: readonly Entry[], filter: JournalFilter): Entry[] {
  const { before = Infinity, after = 0, limit } = filter;
  const step = filter.after === undefined ? -1 : 1;
  const [first, last] = [after, Math.min(entries.length, before - 1) - 1];
  const found: Entry[] = [];
  for (let at = step < 0 ? last : first; at >= first && at <= last && found.length < limit; at += step) {
    const entry = entries[at];
    if (entry !== undefined && matches(entry, filter)) found.push(entry);
  }
  return found;
}

function matches({ at, actor, change }: Entry, filter: JournalFilter): boolean {
  const { type, kind, actor: by, repository, digest, from, until } = filter;
  return (
    (type === undefined || change.type === type) &&
    (kind === undefined || change.kind === kind) &&
    (by === undefined || actor === by) &&
    (repository === undefined || change.repository === repository) &&
    (digest === undefined || change.digest === digest) &&
    (from === undefined || at >= from) &&
    (until === undefined || at < until)
  );
}
