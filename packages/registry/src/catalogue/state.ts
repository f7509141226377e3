import type { Repository, Digest, ExecutorDocument } from "@executor-registry/resolver";
import type { CapabilityFindings } from "../model/capability.ts";
import { isEnforced, type Verdict } from "../model/verdict.ts";
import type { Claim, PinRecord, UnreadRecord } from "../model/change.ts";
import type { Denial } from "../model/denial.ts";
import type { Image } from "../model/image.ts";
import type { ImageSet } from "./image-set.ts";
import type { Recent } from "../model/recent.ts";

/**
 * - `admitted`: all checks passed; a version
 * - `rejected`: at least one failed
 * - `pending`: none failed, at least one cannot be judged yet
 * - `withdrawn`: gone from its registry
 */
export type ImageState = "admitted" | "rejected" | "pending" | "withdrawn";

/** Where a report that was posted is written down. */
export interface PostedReport {
  /** Of the journal's entry. */
  readonly sequence: number;
  /** What was scanned: the image, or one that it names. */
  readonly digest: Digest;
  readonly scanner: string;
  readonly finishedAt: string;
}

/** What the catalogue knows of one image of one type. Immutable: a change makes a new one. */
export interface CatalogueImage extends Image {
  /** Name of the source that found it. */
  readonly source: string;
  readonly state: ImageState;
  readonly verdicts: readonly Verdict[];
  /** When it was first seen. ISO 8601 in UTC, as all times here. */
  readonly found: string;
  /**
   * The head of the journal when the look that first found it began: which look that was, whatever a clock says. Negative where an older
   * version wrote it down, which kept the order in which images were found alone.
   */
  readonly since: number;
  /** When a tag came to it, of the last {@link MAX_TAG_TIMES}. A tag that is not here was there when it was found. */
  readonly tagTimes?: Readonly<Record<string, string>>;
  /** When it was first admitted. */
  readonly added?: string;
  /** When its verdicts were last given and all passed. */
  readonly validatedAt?: string;
  /** The newest of each scanner, about the image or those that it names. */
  readonly reports?: readonly PostedReport[];
  /** What it can do, and when that was found. Absent where it was not looked for yet. */
  readonly capabilities?: CapabilityFindings & { readonly at: string };
  readonly withdrawn?: { readonly at: string; readonly reason: string };
  /** No tag names it any more, though its registry still has it. Its tags are those it had. */
  readonly untagged?: { readonly at: string; readonly reason: string };
  /** The journal's entry that changed it last. */
  readonly sequence: number;
}

/** What an operator holds. */
export interface Pin extends PinRecord {
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

/** What a type was answered with at a time. */
export interface Revision {
  /** 1, 2, 3, … */
  readonly revision: number;
  readonly repository: string;
  readonly digest: Digest;
  readonly version: string;
  readonly since: string;
  readonly by: string;
  readonly decidedBy: ExecutorDocument["decidedBy"];
  readonly reason: string;
  /** What decides by now, where it began otherwise: a pin of the version that the policy had chosen, a policy that chooses what was pinned. */
  readonly nowDecidedBy?: ExecutorDocument["decidedBy"];
  /** The fingerprint of the version policy that chose it. */
  readonly rules: string;
}

/** A tag that names another image than before. */
export interface MovedTag {
  readonly repository: string;
  readonly tag: string;
  /** The image that it named first. */
  readonly from: Digest;
}

/** Of one image. */
export const MAX_TAG_TIMES = 50;
/** Of one type. Older ones are in the journal. */
export const MAX_REVISIONS = 100;
/** Of one type; the oldest are forgotten. */
export const MAX_DENIALS = 1000;
export const MAX_MOVED_TAGS = 1000;
export const MAX_REQUESTS = 100;

/** What a type was answered with last, kept so that a start need not choose again. */
export interface KeptAnswer {
  /** What it was chosen by, besides the type: it holds as long as that is the same. */
  readonly basis: string;
  /** Absent where nothing was to be answered. */
  readonly document?: ExecutorDocument;
  /** What is unusual about it: `NoMatch`, `TagGone`, `PinInvalid`. */
  readonly conditions?: readonly string[];
}

/** One executor type. */
export interface CatalogueType {
  readonly type: string;
  /** The repositories that hold admitted images of it now, the preferred first. */
  claims: readonly Claim[];
  /** The one that it was resolved from before and that holds nothing admitted now, as long as no other was chosen by an operator. */
  from?: Claim;
  readonly images: ImageSet;
  pin?: Pin;
  /** Who took the last pin away, until what is served since then is written down. */
  unpinnedBy?: string;
  /** The last denial that was taken back, by whom it was, until then too. */
  allowed?: Denial;
  /** In the order in which they were made. */
  denials: readonly Denial[];
  /** The last {@link MAX_REVISIONS}, the newest last. */
  revisions: readonly Revision[];
  /** The last {@link MAX_MOVED_TAGS}. */
  movedTags: readonly MovedTag[];
  /** The last {@link MAX_REQUESTS} requests that changed what decides: one that comes again changes nothing. */
  requests?: readonly string[];
  /** The last entry that changed what decides: the version that is served, the pin, the denials. */
  selected: number;
  /** Absent where the type was changed since. */
  answer?: KeptAnswer;
}

/** What came of the looks at one repository. */
export interface RepositoryReads {
  readonly repository: Repository;
  readonly source: string;
  /** The journal's entry with which the first complete look at it ended: the order in which images were found up to then says nothing of their age. */
  readonly firstComplete?: number;
  /** Bounded; {@link unreadTotal} counts all. */
  readonly unread: readonly UnreadRecord[];
  readonly unreadTotal: number;
}

/** The current state: a fold of the journal. Changed by the fold alone. */
export interface CatalogueState {
  readonly types: Map<string, CatalogueType>;
  /** Which types have, or had, images in a repository. */
  readonly repositories: Map<string, Set<string>>;
  /** What came of the looks at each repository, also at those that hold nothing. */
  readonly reads: Map<string, RepositoryReads>;
  /** The hash of the policies that say what images must pass. */
  policy?: string;
  /** The version policies that an operator has set, as they came; absent where the configuration's count. */
  versionPolicies?: {
    readonly settings: unknown;
    readonly by: string;
    readonly since: string;
    readonly reason: string;
    /** Of the entry that set them. */
    readonly sequence: number;
  };
  /** The last entry that set version policies or took them back, and the last {@link MAX_REQUESTS} requests that did. */
  policiesSet?: { readonly sequence: number; readonly requests?: readonly string[] };
  /** The images that are not packed. */
  readonly recent: Recent<ImageSet>;
  /** The first entry of the journal's last moment: what older versions found at once has one time. */
  moment?: { readonly at: string; readonly sequence: number };
}

/** A type of which nothing is known but its images. */
export const emptyType = (type: string, images: ImageSet): CatalogueType => ({
  type,
  claims: [],
  images,
  denials: [],
  revisions: [],
  movedTags: [],
  selected: 0,
});

/** What became of an image, by its verdicts: those that only warn keep it out of nothing. */
export function stateOf(verdicts: readonly Verdict[]): "admitted" | "rejected" | "pending" {
  const enforced = verdicts.filter(isEnforced);
  if (enforced.some(({ state }) => state === "failed")) return "rejected";
  return enforced.some(({ state }) => state === "pending") ? "pending" : "admitted";
}
