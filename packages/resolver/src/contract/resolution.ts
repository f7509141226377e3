import type { CapabilityDetail } from "./capability.ts";

/** Where a resolver finds its images: on the cluster's nodes and in its objects, or in the registry service. */
export type Environment = "development" | "production";

/** Where an answer came from. The first three are development's, from most to least exact; `registry` is the service. */
export type SourceName = "declared" | "configmap" | "nodes" | "oci-layout" | "registry";

/**
 * What put one image before the others.
 * - `declared`: somebody named exactly this image
 * - `only-candidate`: there is just one
 * - `sighting`: it was seen to arrive last, while watching
 * - `tag-time`: its tag holds the latest build time
 * - `tag-version`: its tag holds the highest version (semver or `git describe`)
 * - `pod-start`: a pod ran it most recently, and pods ran all the others too
 * - `created`: its configuration holds the latest creation time
 * - `policy`, `pin`, `rollout`: the registry service's version policy, an operator's pin, a rollout's share
 * - `none`: nothing decided; the choice is deterministic but arbitrary, and the resolution is `ambiguous`
 */
export type EvidenceKind =
  | "declared"
  | "only-candidate"
  | "sighting"
  | "tag-time"
  | "tag-version"
  | "pod-start"
  | "created"
  | "policy"
  | "pin"
  | "rollout"
  | "none";

/** One fact about a candidate's age or rank, as a sentence that a person can check. */
export interface Evidence {
  readonly kind: EvidenceKind;
  /** The moment the fact is about, ISO 8601 in UTC, where it has one. */
  readonly at?: string;
  readonly detail: string;
}

/** An image that could be meant. */
export interface Candidate {
  /** What to put into a container's `image`. */
  readonly image: string;
  /** `sha256:…` where known. */
  readonly digest?: string;
  /** The tag by which people know it, else the short digest. */
  readonly version: string;
  /** Every name it is known by, `image` included. */
  readonly names: readonly string[];
  /** The nodes that report it, sorted. Only from the `nodes` source. */
  readonly nodes?: readonly string[];
  /** As reported by the kubelet or the manifest, in bytes. */
  readonly sizeBytes?: number;
  readonly evidence: readonly Evidence[];
}

/** A container's `imagePullPolicy`. */
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** `metadata` and `spec` of a pod, as `spec.template` of a Job. Kept as JSON; the API server is its judge. */
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What a declaration says of the Job itself: its labels, annotations, and fields of its `spec` except the pod template. */
export interface JobTemplate {
  readonly metadata?: PodTemplate["metadata"];
  /** Such as `activeDeadlineSeconds`, `backoffLimit`, `podFailurePolicy`. Kept as JSON; the API server is its judge. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A declared object's template, and which of its containers is the executor. */
export interface DeclaredTemplate {
  /** For example `CronJob/executor-ml`. */
  readonly from: string;
  /** Name of the container whose image is the resolution's. */
  readonly container: string;
  readonly pod: PodTemplate;
  /** Of a CronJob whose `jobTemplate` says more than its pod. */
  readonly job?: JobTemplate;
}

/** What one source knows of one executor type. */
export interface Finding {
  /** What to put into a container's `image`. */
  readonly image: string;
  /** `sha256:…` where known. */
  readonly digest?: string;
  readonly version: string;
  /** A pull policy that works for `image`. */
  readonly pullPolicy: PullPolicy;
  /** The nodes that hold the image, sorted, when a pod must land on one of them. */
  readonly nodes?: readonly string[];
  /** What decided. */
  readonly decidedBy: EvidenceKind;
  /** Why this image, in one sentence. */
  readonly reason: string;
  /** Best first; `candidates[0].image` is `image`. */
  readonly candidates: readonly Candidate[];
  /** Nothing shows which candidate is newest. `advice` says what to do about it. */
  readonly ambiguous: boolean;
  readonly advice?: string;
  /** The declared pod spec to run this type with. */
  readonly template?: DeclaredTemplate;
  /** What a person should know about this answer. */
  readonly warnings: readonly string[];
  /** What the image can do: names, sorted. In development, what is declared; absent where nothing is. */
  readonly capabilities?: readonly string[];
  /** The same with versions and evidence, where they are known. */
  readonly capabilityDetails?: readonly CapabilityDetail[];
}

/** That an operator holds a type at one version. */
export interface ExecutorPin {
  /** A rollback is a pin to a version that was answered before. */
  readonly kind: "pin" | "rollback";
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly by: string;
  readonly reason: string;
  /** When it ends by itself, ISO 8601 in UTC. */
  readonly until?: string;
}

/** The answer to “which image is this executor type right now?”. The same in both environments. */
export interface Resolution extends Finding {
  readonly type: string;
  readonly environment: Environment;
  readonly source: SourceName;
  /** The source has lost contact; this is the last answer it could give. */
  readonly stale: boolean;
  /** Since when, ISO 8601 in UTC. Present when `stale`. */
  readonly staleSince?: string;
  /** All checks passed for exactly this digest. Always false in development, where nothing is checked. */
  readonly validated: boolean;
  /** When they last passed, ISO 8601 in UTC. Present when `validated`. */
  readonly validatedAt?: string;
  /** Production: present while an operator holds the type at this version; `decidedBy` is `pin` then. */
  readonly pin?: ExecutorPin;
  /** Production: why it may be able to do more than is listed. */
  readonly capabilitiesIncomplete?: string;
  /** Production: the team that owns the type. */
  readonly owner?: string;
  /** Production: who says so. */
  readonly ownerFrom?: "configuration" | "policy" | "label";
  /** Production: when the version entered the catalogue, ISO 8601 in UTC. */
  readonly added?: string;
}
