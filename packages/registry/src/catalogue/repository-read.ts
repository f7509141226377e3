import type { Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import type { UnreadRecord } from "../model/change.ts";
import { type Reasoned, same } from "./reconcile.ts";
import { oneLine } from "../model/one-line.ts";
import type { CatalogueState } from "./state.ts";

/** The end of one look at a repository, as far as the journal keeps it. */
export interface RepositoryLook {
  readonly source: string;
  /** The head of the journal when it began. */
  readonly since: number;
  /** `registry/path`. */
  readonly repository: string;
  readonly unread: readonly {
    readonly tag: string;
    readonly digest?: Digest;
    readonly problem: ExecutorRegistryError;
  }[];
}

/** Tags that are written down one by one; those that can never be read come first. */
const MAX_UNREAD = 100;
const MAX_REASON_CHARACTERS = 300;

/** Failures that cut a look short. All others, a refusal among them, are about the tag that was asked for, whose list could be read. */
const PASSING: ReadonlySet<string> = new Set(["throttled", "unreachable", "timeout", "closed"]);

/**
 * The change that keeps what came of a look; none where it is as it was.
 *
 * The first look is complete once every tag was tried and none failed for a reason that passes; the second is in any case, so that what is
 * pushed later is known to be later though a tag fails for ever. What is unread then keeps when it was first missed, and is no newer for
 * being read later.
 */
export function recordLook(
  state: CatalogueState,
  { source, since, repository, unread }: RepositoryLook,
): readonly Reasoned[] {
  const before = state.reads.get(repository);
  const tried = unread.every(({ problem }) => !PASSING.has(problem.code));
  const complete = tried || before !== undefined;
  const earlier = new Map(before?.unread.map((record) => [record.tag, record]));
  /** A tag that names something else than what could not be read is another matter. */
  const sinceOf = (tag: string, digest: Digest | undefined): number => {
    const known = earlier.get(tag);
    // It may be one of those that were not written down.
    if (known === undefined && before !== undefined && before.unreadTotal > before.unread.length)
      return Math.min(since, ...before.unread.map((record) => record.since ?? 0));
    return known !== undefined && (known.digest ?? digest) === (digest ?? known.digest) ? (known.since ?? 0) : since;
  };
  const records = [...unread]
    .sort((a, b) => Number(a.digest === undefined) - Number(b.digest === undefined) || (a.tag < b.tag ? -1 : 1))
    .slice(0, MAX_UNREAD)
    .map(({ tag, digest, problem: { code, message } }): UnreadRecord => {
      return {
        tag,
        ...(digest !== undefined && { digest }),
        code,
        reason: oneLine(message, MAX_REASON_CHARACTERS),
        since: sinceOf(tag, digest),
      };
    });
  const first = complete && before?.firstComplete === undefined;
  // How long a registry wants to be left alone is in its message, and another each time.
  const facts = (list: readonly UnreadRecord[]) => list.map(({ tag, digest, code }) => [tag, digest, code]);
  const known = before !== undefined && before.source === source;
  const unchanged = before?.unreadTotal === unread.length && same(facts(before.unread), facts(records));
  if (known && !first && unchanged) return [];
  const reason = first
    ? tried
      ? "it was looked at completely for the first time"
      : `it was looked at twice; ${unread.length} of its tags could not be read`
    : unread.length === 0
      ? "all of its tags can be read now"
      : `${unread.length} of its tags could not be read`;
  const change = { kind: "repository-read" as const, source, repository, complete, unread: records };
  return [{ reason, change: { ...change, unreadTotal: unread.length } }];
}

/** What is said no more of a repository that will not be looked at again. When it was looked at first stays. */
export function forgetUnread(state: CatalogueState, repository: string, reason: string): readonly Reasoned[] {
  const { source = "", unreadTotal = 0 } = state.reads.get(repository) ?? {};
  if (unreadTotal === 0) return [];
  const change = { kind: "repository-read", source, repository, complete: false, unread: [], unreadTotal: 0 } as const;
  return [{ reason, change }];
}
