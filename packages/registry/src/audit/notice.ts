import { stateOf } from "../catalogue/state.ts";
import type { Entry } from "../journal/entry.ts";
import { type Change, isChange } from "../model/change.ts";
import type { Verdict } from "../model/verdict.ts";
import type { FollowedJournal } from "./follower.ts";

/** Changes of the journal that are events as they are: what decides which version is current. */
const DECISIONS = [
  "policy-changed",
  "version-policies-set",
  "version-served",
  "version-pinned",
  "version-unpinned",
  "version-denied",
  "version-allowed",
  "tag-moved",
] as const satisfies readonly Change["kind"][];

/** The events that are sent. */
export const EVENTS = ["admitted", "rejected", "withdrawn", "pending-deadline", ...DECISIONS] as const;
export type NoticeEvent = (typeof EVENTS)[number];

/** An entry that means something to people. */
export interface Notice {
  readonly event: NoticeEvent;
  readonly entry: Entry;
  /** What became of the image before; absent where it was not known. */
  readonly previously?: ImageState;
  readonly verdicts?: readonly Verdict[];
  /** Why, in a sentence. */
  readonly reason: string;
}

type ImageState = ReturnType<typeof stateOf> | "withdrawn";

/** Entries about one image that are read at once. */
const PAGE = 20;

/**
 * What an entry means to people: that an image became a version, is none, or is one no longer. What stays as it was is nothing new, though
 * it was judged again.
 */
export async function noticeOf(entry: Entry, journal: Pick<FollowedJournal, "list">): Promise<Notice | undefined> {
  const { kind } = entry.change;
  const decision = DECISIONS.find((one) => one === kind);
  if (decision !== undefined) return { event: decision, entry, reason: entry.reason };
  const state = stateAfter(entry);
  if (state === undefined || state === "pending") return undefined;
  const verdicts = verdictsOf(entry);
  const event = state === "rejected" && verdicts.some(isLate) ? "pending-deadline" : state;
  const previously = await stateBefore(entry, journal);
  if (state === previously) return undefined;
  const why = verdicts
    .filter((verdict) => verdict.state === "failed")
    .map(({ check, reason }) => `${check}: ${reason}`);
  return {
    event,
    entry,
    ...(previously !== undefined && { previously }),
    ...(verdicts.length > 0 && { verdicts }),
    reason: why.length > 0 ? why.join("; ") : entry.reason,
  };
}

/** It waited until its time was over. */
const isLate = (verdict: Verdict): boolean =>
  verdict.state === "failed" && (verdict as { readonly code?: string }).code === "deadline";

function verdictsOf({ change }: Entry): readonly Verdict[] {
  return isChange(change) && (change.kind === "image-found" || change.kind === "image-judged") ? change.verdicts : [];
}

/** What became of an image by an entry; `undefined` for an entry that changes nothing of that. */
function stateAfter(entry: Entry): ImageState | undefined {
  const { kind } = entry.change;
  if (kind === "image-withdrawn") return "withdrawn";
  return kind === "image-found" || kind === "image-judged" ? stateOf(verdictsOf(entry)) : undefined;
}

/** It follows from the journal alone, so that it is the same whenever it is asked for. */
async function stateBefore(entry: Entry, journal: Pick<FollowedJournal, "list">): Promise<ImageState | undefined> {
  const { type, repository, digest } = entry.change;
  if (type === undefined || repository === undefined || digest === undefined) return undefined;
  for (let before = entry.sequence; ;) {
    const { entries, more } = await journal.list({ type, repository, digest, before, limit: PAGE });
    for (const earlier of entries) {
      const state = stateAfter(earlier);
      if (state !== undefined) return state;
      before = earlier.sequence;
    }
    if (!more) return undefined;
  }
}
