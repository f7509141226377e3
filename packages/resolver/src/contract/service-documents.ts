import type { ExecutorDocument } from "./executor-document.ts";
import type { Candidate } from "./resolution.ts";
import type { PolicySummary } from "./selection-documents.ts";

/** A rule's answer about an image. */
export interface VerdictDocument {
  readonly check: string;
  readonly state: "passed" | "failed" | "pending";
  /** Why, in a sentence that a person can act on. */
  readonly reason: string;
  /** A failure is a warning, and keeps no image out. */
  readonly mode?: "warn";
  /** Which kind of failure or wait it is, such as `unsigned`. */
  readonly code?: string;
  /** What the answer rests on, such as the signer. Lists leave out this and what follows. */
  readonly evidence?: Readonly<Record<string, string>>;
  /** Of the check's settings when it answered. */
  readonly fingerprint?: string;
  /** Until when it holds, ISO 8601 in UTC; for ever where absent. */
  readonly expires?: string;
  /** Since when the check could not answer, ISO 8601 in UTC. */
  readonly since?: string;
}

type ImageMember =
  | "image"
  | "version"
  | "tags"
  | "tagsOmitted"
  | "capabilities"
  | "capabilityDetails"
  | "capabilitiesIncomplete"
  | "owner"
  | "ownerFrom"
  | "created"
  | "pushed"
  | "sizeBytes"
  | "platforms"
  | "source"
  | "validated"
  | "validatedAt";

/** One image of a type: an element of `GET /executors/{type}/versions`. */
export interface VersionDocument extends Pick<ExecutorDocument, ImageMember> {
  readonly digest: string;
  readonly state: "admitted" | "rejected" | "pending" | "withdrawn";
  /** Whether it is the version that the type is answered with. */
  readonly current: boolean;
  readonly verdicts: readonly VerdictDocument[];
  /** When it was first seen, ISO 8601 in UTC. */
  readonly found: string;
  /** When it was first admitted, ISO 8601 in UTC. */
  readonly added?: string;
  readonly withdrawn?: { readonly at: string; readonly reason: string };
}

/** One image of a type, whatever became of it: `GET /executors/{type}/versions/{digest}`. */
export interface VersionDetails extends VersionDocument {
  readonly type: string;
  /** The policy that says what it must pass; absent where none names the type. */
  readonly policy?: string;
  /** The same image in other repositories of the type. */
  readonly elsewhere: readonly string[];
  /** The last changes of it, newest first. */
  readonly journal: readonly JournalEntryDocument[];
}

/** The answer of `POST /executors/{type}/versions/{digest}/revalidate`: its new verdicts, or that it will be judged. */
export type RevalidateResult = VersionDetails | { readonly accepted: boolean };

/** An image that somebody asked about. */
export interface ExplainedVersion extends VersionDocument {
  /** Why it is the current version, or not. */
  readonly why: string;
  /** The rule of the version policy that leaves it out. */
  readonly drop?: { readonly code: string; readonly detail: string };
  /** The version that goes before it, and what decides between the two. */
  readonly beatenBy?: { readonly image: string; readonly version: string; readonly reason: string };
}

/** A source, as one that could hold an image. */
export interface LookedInSource extends Pick<SourceHealthDocument, "name" | "state" | "completed" | "attempted"> {
  readonly problem?: SourceProblem;
  /** Its repositories that hold the type, as far as they were looked at; at most 20. */
  readonly repositories: readonly string[];
}

/** What became of an image, or a tag, of a type. `admitted`: it passes, and another is the current version. */
export type Whereabouts = "current" | "admitted" | "rejected" | "pending" | "withdrawn" | "unread" | "unknown";

/** The answer of `GET /executors/{type}/why`. */
export interface WhyDocument {
  readonly type: string;
  /** The tag or digest that was asked for; absent for the type itself. */
  readonly image?: string;
  readonly answer: Whereabouts;
  /** Why, in a sentence. */
  readonly reason: string;
  /** The policy that says what images of the type must pass; absent where none names it. */
  readonly policy?: string;
  /** What decides which version of the type is current. A service of an earlier release does not say. */
  readonly versionPolicy?: PolicySummary;
  /** What the type is answered with now. */
  readonly current?: Pick<ExecutorDocument, "image" | "version" | "reason">;
  /** The images that are meant, the one that the answer is about first; at most 10. */
  readonly images: readonly ExplainedVersion[];
  /** The tags that are meant and could not be read, at most 20. */
  readonly unread: readonly UnreadTagDocument[];
  /** Other types that have this image, at most 20. */
  readonly otherTypes: readonly string[];
  /** Where images are looked for. */
  readonly sources: readonly LookedInSource[];
}

/** The answer of `POST /policy/test`: what the checks say of an image now. */
export interface PolicyTestDocument {
  /** `repository@sha256:…` */
  readonly image: string;
  readonly source: string;
  /** By type: each has its own policy. */
  readonly types: readonly {
    readonly type: string;
    readonly policy?: string;
    /** What would become of the image. */
    readonly state: "admitted" | "rejected" | "pending";
    readonly verdicts: readonly VerdictDocument[];
  }[];
}

/** A tag that could not be read, so that the image behind it is not known. */
export interface UnreadTagDocument {
  readonly repository: string;
  readonly tag: string;
  /** What the tag names, where that content itself can never be read. */
  readonly digest?: string;
  /** The code of the error. */
  readonly code: string;
  readonly reason: string;
}

/** A page of `GET /executors/{type}/versions`. */
export interface VersionsPage {
  readonly type: string;
  /** How many versions there are on all pages. */
  readonly total: number;
  /** Newest first. */
  readonly versions: readonly VersionDocument[];
  /** On the first page: the first 500 tags of the type's repositories that could not be read. */
  readonly unread?: readonly UnreadTagDocument[];
  /** How many such tags there are. */
  readonly unreadTotal?: number;
  /** Of a type that is answered from a cluster: the images that could be meant, the best 20 first. */
  readonly candidates?: readonly Candidate[];
}

/** A change of the catalogue, by whom and why. */
export interface JournalEntryDocument {
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  /** Each kind has members of its own. */
  readonly change: {
    readonly kind: string;
    /** Absent for a change that is about no executor type. */
    readonly type?: string;
    readonly digest?: string;
    readonly [member: string]: unknown;
  };
  /** The hash of the entry before. */
  readonly previous: string;
  readonly hash: string;
}

/** A page of `GET /journal`, newest first. */
export interface JournalPage {
  readonly entries: readonly JournalEntryDocument[];
}

/** What a scan has to read, as far as that is known, and what it has read. */
export interface ScanProgressDocument {
  readonly repositories: number;
  readonly repositoriesRead: number;
  readonly tags: number;
  readonly tagsRead: number;
}

/** An error of a source. */
export interface SourceProblem {
  readonly code: string;
  readonly message: string;
}

/** What the scan of one source found. */
export interface ScanReportDocument {
  readonly source: string;
  /** How many repositories were read. */
  readonly repositories: number;
  /** How many entries were written to the journal. */
  readonly changes: number;
  /** How many tags could not be read. */
  readonly unread: number;
  readonly requests: number;
  readonly complete: boolean;
  /** What could not be read, one sentence each; the first 20. */
  readonly incomplete: readonly string[];
  readonly progress: ScanProgressDocument;
  readonly problem?: SourceProblem;
}

/** The answer of `POST /executors/refresh`: the scans that were waited for, or that a scan will begin. */
export type RefreshResult = { readonly scans: readonly ScanReportDocument[] } | { readonly accepted: boolean };

/** The state of a source of images. */
export interface SourceHealthDocument {
  readonly name: string;
  readonly kind: string;
  readonly state: "starting" | "ready" | "failing";
  /** When the last complete scan ended, ISO 8601 in UTC. */
  readonly completed?: string;
  /** When the last scan ended, complete or not. */
  readonly attempted?: string;
  readonly problem?: SourceProblem;
  /** What could not be read, one sentence each; the first 20. */
  readonly incomplete?: readonly string[];
  readonly progress?: ScanProgressDocument;
  readonly repositories?: number;
  readonly unread?: number;
  /** How many requests the last scan sent. */
  readonly requests?: number;
}

/** How a destination of the journal fares. */
export interface FollowerHealthDocument {
  readonly name: string;
  readonly kind: string;
  readonly failing: boolean;
  readonly behind: number;
}

/** The answer of `GET /health`. Callers who may not see details get the status alone. */
export interface HealthDocument {
  readonly status: "ok" | "degraded" | "starting" | "draining";
  readonly reason?: string;
  readonly version?: string;
  /** How many executor types can be resolved. */
  readonly executors?: number;
  readonly journal?: {
    readonly sequence: number;
    readonly hash: string;
    /** Up to which entry the whole chain was verified, and when. */
    readonly verified?: { readonly sequence: number; readonly at: string };
    /** The first entry that is damaged or missing. */
    readonly broken?: { readonly sequence: number; readonly message: string };
  };
  readonly sources?: readonly SourceHealthDocument[];
  readonly queues?: readonly { readonly name: string; readonly failing: boolean }[];
  /** Where the journal is delivered: whether the last delivery failed, and how many entries were not looked at yet. */
  readonly followers?: readonly FollowerHealthDocument[];
  /** Images that wait for their checks, and how many of them have waited for longer than a minute. */
  readonly judging?: { readonly due: number; readonly late: number };
  /** Where several services share a store. */
  readonly replica?: {
    readonly name: string;
    /** Whether it scans, judges what falls due and delivers the journal. */
    readonly leading: boolean;
    /** Which replica does, as of the last time that the store was asked. */
    readonly leader?: string;
    /** Seconds for which the store could not be read; 0 while answers are current. */
    readonly age: number;
  };
}
