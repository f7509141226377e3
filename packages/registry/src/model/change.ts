import type { Digest, ExecutorDocument } from "@executor-registry/resolver";
import type { CapabilityFindings } from "./capability.ts";
import type { DeniedImages } from "./denial.ts";
import type { ScanReport } from "./scan-report.ts";
import type { Verdict } from "./verdict.ts";
import type { ImageDetails, ImageRecord } from "./image.ts";

/** Which image of which type a change is about. */
interface About {
  readonly type: string;
  readonly repository: string;
  readonly digest: Digest;
}

/** A repository that holds images of a type, in the order in which the configuration prefers them. */
export interface Claim {
  readonly source: string;
  readonly repository: string;
  /** The configuration does not put it after the first: that one was there before. */
  readonly equal?: boolean;
}

/** A change that somebody asked for. */
interface Requested {
  /** Recognises the request where it is repeated. */
  readonly request?: string;
}

/** What is held. */
export interface PinRecord {
  readonly repository: string;
  readonly digest: Digest;
  /** The tag by which it was known when it was pinned. */
  readonly version: string;
  readonly mode: "pin" | "rollback";
  /** When it ends by itself, ISO 8601 in UTC; never where absent. */
  readonly until?: string;
  /** Of a rollback: the revision that it went back to. */
  readonly restored?: number;
  /** Of a rollback: what was left by it and by those before it without an unpin in between. None of them is gone back to. */
  readonly left?: readonly Digest[];
}

/** A tag of a repository that could not be read when the repository was looked at last. */
export interface UnreadRecord {
  readonly tag: string;
  /** What it names, where that itself can never be read: it is not fetched again until the tag names something else. */
  readonly digest?: Digest;
  /** Of the error. */
  readonly code: string;
  readonly reason: string;
  /** The head of the journal when the look began that found it unread first. */
  readonly since?: number;
}

/** Everything that can happen to the catalogue. Facts only: the fold applies them without deciding anything. */
export type Change =
  /** An image of a type appeared, or one that was withdrawn is back. */
  | (About & {
      readonly kind: "image-found";
      readonly source: string;
      /** The head of the journal when the look that found it, or that first saw a tag of it, began. Older entries do not say. */
      readonly since?: number;
      readonly image: ImageRecord;
      readonly verdicts: readonly Verdict[];
    })
  /** Other tags name it now. */
  | (About & { readonly kind: "image-tagged"; readonly tags: readonly string[] })
  /** Its manifest and configuration were read. */
  | (About & { readonly kind: "image-described"; readonly details: ImageDetails })
  /** The checks were run again and at least one answers differently. */
  | (About & { readonly kind: "image-judged"; readonly verdicts: readonly Verdict[] })
  /** Somebody who may has posted what a scan of it found, or of an image that it names. */
  | (About & { readonly kind: "report-received"; readonly report: ScanReport })
  /** What it can do was found out, from what is attached to it and from its configuration. */
  | (About & CapabilityFindings & { readonly kind: "capabilities-found" })
  /** It is gone from its registry, or no tag names it any more. `reason` says which. */
  | (About & { readonly kind: "image-withdrawn"; readonly reason: string })
  /** No tag names it any more. Its registry still has it, and it is not withdrawn as long as it is what the type is answered with. */
  | (About & { readonly kind: "image-untagged"; readonly reason: string })
  /** A tag that named `from` names this image now. */
  | (About & { readonly kind: "tag-moved"; readonly tag: string; readonly from: Digest })
  /** This image is what the type is answered with from here on. */
  | (About & {
      readonly kind: "version-served";
      /** 1, 2, 3, … for each type. */
      readonly revision: number;
      readonly version: string;
      readonly decidedBy: ExecutorDocument["decidedBy"];
      /** The fingerprint of the version policy that chose it. */
      readonly rules: string;
      /** Who decided it: who pinned, unpinned, denied, allowed or set the policies; absent where no person did. */
      readonly by?: string;
    })
  /** Held by an operator until it is unpinned. */
  | (About & Requested & Omit<PinRecord, "repository" | "digest"> & { readonly kind: "version-pinned" })
  | (Requested & { readonly kind: "version-unpinned"; readonly type: string })
  /** These images are no versions any more. */
  | (Requested & DeniedImages & { readonly kind: "version-denied"; readonly type: string })
  /** A denial is lifted: the one of the entry with this sequence. */
  | (Requested & { readonly kind: "version-allowed"; readonly type: string; readonly denial: number })
  /** An operator has set version policies, which take the place of the configuration's; absent where these count again. */
  | (Requested & {
      readonly kind: "version-policies-set";
      readonly type?: undefined;
      readonly repository?: undefined;
      readonly settings?: unknown;
    })
  /**
   * Which repositories hold admitted images of this type. The first is the one it is resolved from; more than one is a conflict.
   * `from` is the one that it was resolved from before, as long as that holds none and no other was chosen by an operator.
   */
  | { readonly kind: "type-claimed"; readonly type: string; readonly claims: readonly Claim[]; readonly from?: Claim }
  /**
   * A repository was looked at. Written the first time that this was complete, and whenever other tags than before could not be read.
   * It is of no type.
   */
  | {
      readonly kind: "repository-read";
      readonly type?: undefined;
      readonly source: string;
      readonly repository: string;
      /** Every tag was tried, and what is unread failed for its own sake, or in an earlier look too. */
      readonly complete: boolean;
      /** Bounded; `unreadTotal` counts all. */
      readonly unread: readonly UnreadRecord[];
      readonly unreadTotal: number;
    }
  /** Other policies say what images must pass. The reason names them; verdicts follow. */
  | {
      readonly kind: "policy-changed";
      readonly type?: undefined;
      readonly repository?: undefined;
      readonly hash: string;
    }
  /** The journal up to here was signed. It is of no type, and changes no catalogue. */
  | { readonly kind: "checkpoint"; readonly type?: undefined; readonly note: string };

/** Every kind of change. A journal may hold others, of a newer release. */
export const CHANGE_KINDS = [
  "image-found",
  "image-tagged",
  "image-described",
  "image-judged",
  "report-received",
  "capabilities-found",
  "image-withdrawn",
  "image-untagged",
  "tag-moved",
  "version-served",
  "version-pinned",
  "version-unpinned",
  "version-denied",
  "version-allowed",
  "version-policies-set",
  "type-claimed",
  "repository-read",
  "policy-changed",
  "checkpoint",
] as const satisfies readonly Change["kind"][];

const kinds: ReadonlySet<string> = new Set(CHANGE_KINDS);

/** Whether a journal's change is one of these. The chain's hashes hold that it is as it was written. */
export const isChange = (change: { readonly kind: string }): change is Change => kinds.has(change.kind);
