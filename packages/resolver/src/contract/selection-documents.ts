import type { EvidenceKind, ExecutorPin } from "./resolution.ts";

/** A version of a type, and what decided that it is the one. */
export interface VersionRef {
  /** `repository@sha256:…` */
  readonly image: string;
  readonly digest: string;
  readonly version: string;
  readonly decidedBy: EvidenceKind;
  /** Why this version, in one sentence. */
  readonly reason: string;
}

/** What holds a type at one version, until it is taken away or its time is over. */
export interface PinDocument extends ExecutorPin {
  readonly type: string;
  readonly image: string;
  readonly digest: string;
  /** The tag by which it was known when it was pinned. */
  readonly version: string;
  /** `invalid`: the image is denied, gone or rejected by now; `problem` says which, and what is answered instead. */
  readonly state: "in-force" | "invalid";
  /** Why it is not answered, or what fails of an image that is answered all the same. */
  readonly problem?: string;
  readonly policyWouldChoose?: VersionRef;
}

/** The answer of `GET /executors/{type}/pin`. */
export type PinAnswer = (PinDocument & { readonly pinned: true }) | { readonly type: string; readonly pinned: false };

/** What keeps images of a type out: a version, a digest, or a pattern that finds something in a tag. Exactly one of them. */
export interface DenialDocument {
  /** By which it is taken away; 0 for the configuration's, which are taken away there. */
  readonly id: number;
  readonly version?: string;
  readonly digest?: string;
  readonly pattern?: string;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601 in UTC. */
  readonly since: string;
  /** When it ends by itself, ISO 8601 in UTC. */
  readonly until?: string;
  readonly from: "configuration" | "operator";
}

/** The answer of `GET /executors/{type}/denials`. */
export interface DenialsDocument {
  readonly type: string;
  readonly denials: readonly DenialDocument[];
}

/** What became of a request to pin, roll back, deny, or take one of these away. */
export interface SelectionChange {
  readonly type: string;
  /** `unchanged`: it is already as it was asked for, and nothing was written down. */
  readonly outcome: "changed" | "unchanged";
  /** Nothing was written down: this is what would become of it. */
  readonly dryRun?: true;
  /** What was done, to follow the type's name: `rolled back to 1.0.0 (sha256:ab12…), held`. */
  readonly message: string;
  /** What the type was answered with; absent where it had no answer. */
  readonly before?: VersionRef;
  readonly after?: VersionRef;
  /** How many types are answered with another version. */
  readonly affected: number;
  /** The pin that is there now. */
  readonly pin?: PinDocument;
  /** The denial that was made, or taken away. */
  readonly denial?: DenialDocument;
}

/** A version that a type was answered with. */
export interface RevisionDocument {
  /** 1, 2, 3, … of each type. */
  readonly revision: number;
  readonly image: string;
  readonly digest: string;
  readonly version: string;
  /** From when on, ISO 8601 in UTC. */
  readonly since: string;
  readonly decidedBy: EvidenceKind;
  readonly reason: string;
  /** Whose act it was: a user, a source, or the system. */
  readonly by: string;
}

/** The answer of `GET /executors/{type}/history`. */
export interface HistoryPage {
  readonly type: string;
  /** Newest first, at most 100. */
  readonly revisions: readonly RevisionDocument[];
  /** How many there were in all. */
  readonly total: number;
}

/** How many tags were passed over for one reason. */
export interface DropCount {
  /** Such as `prerelease` or `out-of-range`. */
  readonly code: string;
  readonly count: number;
  /** Some of the tags, at most 3. */
  readonly examples: readonly string[];
}

/** A version policy, in short. */
export interface PolicySummary {
  /** In the configuration; empty for the default. */
  readonly name: string;
  /** semver, numerical, alphabetical, regex, newest or tag. */
  readonly kind: string;
  readonly summary: string;
}

/** The answer of `GET /executors/{type}/policy`: which version policy a type has, and what it makes of the type's images. */
export interface VersionPolicyReport {
  readonly type: string;
  readonly policy: PolicySummary;
  readonly from: "configuration" | "operator" | "default";
  readonly evaluation: {
    readonly pick?: Omit<VersionRef, "decidedBy" | "reason">;
    readonly runnerUp?: Omit<VersionRef, "decidedBy" | "reason">;
    readonly reason: string;
    readonly candidates: number;
    /** How many images were looked at. */
    readonly images: number;
    readonly drops: readonly DropCount[];
    readonly warnings: readonly string[];
  };
  /** What the type is answered with, by the policy or not. */
  readonly current?: VersionRef;
  /** The policy has no pick and the last answer stays, or what is current lost its tag and is held. */
  readonly condition?: "NoMatch" | "TagGone";
}

/** What another policy makes of one type. */
export interface PolicyEffect {
  readonly type: string;
  readonly before?: VersionRef;
  readonly after?: VersionRef;
  readonly candidates: number;
  readonly drops: readonly DropCount[];
}

/** What became of a request to set the version policies. */
export interface PolicyChange {
  readonly outcome: "changed" | "unchanged";
  readonly dryRun?: true;
  /** How many types are answered with another version. */
  readonly affected: number;
  readonly unchanged: number;
  /** The affected types first, at most 100. */
  readonly changes: readonly PolicyEffect[];
}

/** The version policies in force: the answer of `GET /policy`. */
export interface PoliciesDocument {
  readonly from: "configuration" | "operator" | "default";
  /** As `versions.policies` in the configuration has them. */
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  /** One line each. */
  readonly summary: readonly string[];
  /** Who set them, where an operator did. */
  readonly by?: string;
  readonly since?: string;
  readonly reason?: string;
}
