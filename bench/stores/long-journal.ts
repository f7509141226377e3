import { type Change, EMPTY_HEAD, type Entry, type Head, seal, type Store } from "@executor-registry/registry/internal";
import { afterwards, found, lookedAt, repositoryOf, VERDICTS, VERSIONS } from "../start-store.ts";

/** Executor types, of which 50 images each are there at any time. */
export const TYPES = 100;
const RULES = "bench";
/** Milliseconds between two entries: a million of them are ten months. */
const APART_MS = 25_000;
const SINCE = Date.UTC(2026, 0, 1);
/** Judgements again, after each of which verdicts are written, for one new build. */
const JUDGED = 12;

interface Draft {
  readonly actor: string;
  readonly reason: string;
  readonly change: Change;
}

/** Appends a journal as a year of builds, checks and operators writes it, as fast as the store takes it. */
export async function fillLong(store: Store, count: number): Promise<void> {
  let head: Head = EMPTY_HEAD;
  let entries: Entry[] = [];
  for (const draft of drafts()) {
    const last: Head = entries.at(-1) ?? head;
    entries.push(seal(last, draft, new Date(SINCE + last.sequence * APART_MS).toISOString()));
    const full = last.sequence + 1 === count;
    if (entries.length < 1000 && !full) continue;
    await store.append(head, entries);
    head = entries.at(-1) ?? head;
    entries = [];
    if (full) return;
  }
}

/** First everything is found; then a type after the other has a new build, is pinned and unpinned, and images are judged again. */
function* drafts(): Generator<Draft> {
  for (let type = 0; type < TYPES; type += 1) {
    for (let version = 0; version < VERSIONS; version += 1) yield by("source:builds", found(type, version, 0));
    yield by("source:builds", lookedAt(type));
    yield claimed(type);
    for (const one of afterwards(type, RULES)) yield by("system", one);
  }
  const revisions = Array.from({ length: TYPES }, () => 1);
  for (let build = VERSIONS; ; build += 1) {
    for (let type = 0; type < TYPES; type += 1) {
      const serve = (version: number, decidedBy: "policy" | "pin"): Draft => {
        const revision = (revisions[type] = (revisions[type] ?? 0) + 1);
        const served = { revision, version: `1.${version}.0`, decidedBy, rules: RULES };
        return by("system", {
          reason: "it is the best now",
          change: { kind: "version-served", ...about(type, version), ...served },
        });
      };
      yield by("webhook:builds", found(type, build, 0));
      yield serve(build, "policy");
      yield by("source:builds", {
        reason: "it is gone from its registry",
        change: { kind: "image-withdrawn", ...about(type, build - VERSIONS), reason: "it is gone from its registry" },
      });
      for (let nth = 0; nth < JUDGED; nth += 1) {
        const image = about(type, build - ((build * JUDGED + nth) % (VERSIONS - 1)));
        yield by("system", {
          reason: "its verdicts had expired",
          change: { kind: "image-judged", ...image, verdicts: VERDICTS },
        });
      }
      if ((build + type) % 10 > 0) continue;
      const held = { version: `1.${build - 1}.0`, mode: "pin" } as const;
      yield by("user:alice", {
        reason: "the new one is slow",
        change: { kind: "version-pinned", ...about(type, build - 1), ...held },
      });
      yield serve(build - 1, "pin");
      yield by("user:alice", { reason: "mended", change: { kind: "version-unpinned", type: `type-${type}` } });
      yield serve(build, "policy");
    }
  }
}

const by = (actor: string, reasoned: Omit<Draft, "actor">): Draft => ({ actor, ...reasoned });

function about(type: number, version: number) {
  const { change } = found(type, version, 0);
  if (change.kind !== "image-found") throw new TypeError("an image is found by an entry of this kind");
  return { type: change.type, repository: change.repository, digest: change.digest };
}

function claimed(type: number): Draft {
  const claims = [{ source: "builds", repository: repositoryOf(type) }];
  return by("system", {
    reason: "it holds images of it",
    change: { kind: "type-claimed", type: `type-${type}`, claims },
  });
}
