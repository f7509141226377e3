import type { CapabilityDetail } from "./capability.ts";
import type { Candidate, DeclaredTemplate, EvidenceKind, ExecutorPin, PullPolicy } from "./resolution.ts";

/**
 * What else is known of an image that the service found in a cluster instead of a registry. Such an image was not checked,
 * and where it has no digest it goes by a name that the nodes know.
 */
export interface LiveMembers {
  /** A pull policy that works for the image. */
  readonly pullPolicy: PullPolicy;
  /** The nodes that hold the image, sorted, when a pod must land on one of them. */
  readonly nodes?: readonly string[];
  /** The images that could be meant, the best 20 first; `candidates[0].image` is the document's `image`. */
  readonly candidates: readonly Candidate[];
  /** The declared pod spec to run this type with. */
  readonly template?: DeclaredTemplate;
  /** Since when the cluster has been out of reach, ISO 8601 in UTC. Absent while it is in reach. */
  readonly staleSince?: string;
}

/** A text, and who says it. */
export interface DisplayText {
  readonly text: string;
  readonly from: "configuration" | "label";
}

/** What people are shown of a type: of the service's configuration, else of the image's labels `org.opencontainers.image.*`. */
export interface TypeDisplay {
  readonly name?: DisplayText;
  readonly description?: DisplayText;
  /** URLs of http or https. */
  readonly documentation?: DisplayText;
  readonly source?: DisplayText;
}

/**
 * The JSON of `GET /executors/{type}`, and each value of `GET /executors`. Written by the service, read by the client.
 * Readers pass over members they do not know.
 */
export interface ExecutorDocument {
  readonly type: string;
  /** Always `repository@sha256:…`, except for what is `live`. */
  readonly image: string;
  /** Always there, except for what is `live`. */
  readonly digest?: string;
  /** The tag by which people know it. */
  readonly version: string;
  /** The tags that name the image; at most 50, the most informative ones. */
  readonly tags: readonly string[];
  /** How many more there are, where they are more than are listed. */
  readonly tagsOmitted?: number;
  /** What the image can do, by its labels and by what was found: names, sorted. */
  readonly capabilities: readonly string[];
  /** The same with versions and evidence, each name once. */
  readonly capabilityDetails?: readonly CapabilityDetail[];
  /** Why it may be able to do more than is listed: what was not looked at, or could not be read. */
  readonly capabilitiesIncomplete?: string;
  /**
   * The team that owns it, where known: whom the service's configuration names, else the policy that approved its repository, else,
   * where no policy approves repositories, label `executor-registry.dev/owner`.
   */
  readonly owner?: string;
  /** Who says so. */
  readonly ownerFrom?: "configuration" | "policy" | "label";
  /** What people are shown of the type. */
  readonly display?: TypeDisplay;
  /** When this version entered the catalogue, ISO 8601 in UTC. Of what is `live`: when the service first answered with it. */
  readonly added: string;
  /** All checks passed for exactly this digest. False for what is `live`, which is not checked. */
  readonly validated: boolean;
  /** When they last passed, ISO 8601 in UTC. Present when `validated`. */
  readonly validatedAt?: string;
  /** When the image was built, by its own account. */
  readonly created?: string;
  /** When the registry received it, where that is reported. */
  readonly pushed?: string;
  readonly sizeBytes?: number;
  /** `linux/amd64`, sorted. */
  readonly platforms: readonly string[];
  /** Name of the source in the service's configuration. */
  readonly source: string;
  /** What decided that it is this version. */
  readonly decidedBy: EvidenceKind;
  /** Why this version, in one sentence. */
  readonly reason: string;
  /** Nothing shows which of several is the newest; `reason` says why, `advice` what to do about it. */
  readonly ambiguous: boolean;
  readonly advice?: string;
  /** How many admitted versions of this type there are; of what is `live`, how many candidates. */
  readonly versions: number;
  /** What a person should know: another repository claims the same type, … */
  readonly warnings: readonly string[];
  /** Present while an operator holds the type at this version: `decidedBy` is `pin` then. */
  readonly pin?: ExecutorPin;
  /** Present for an image that was found in a cluster: development's answer, watched, not scanned. */
  readonly live?: LiveMembers;
}

/** The data of an `executor` event of `GET /events`; its id is the journal's sequence. */
export interface ExecutorEvent {
  readonly type: string;
  /** Absent when nothing of this type can be resolved any more. */
  readonly image?: string;
  readonly version?: string;
  /** Where several services share a store: an answer whose `X-Executor-Journal` is an earlier place lacks the change. */
  readonly journal?: string;
}

/** What the type of every problem of the service begins with; its code follows. */
export const PROBLEM_TYPES = "https://executor-registry.dev/problems/";

/** An error's body (RFC 9457), with the members that this service adds. */
export interface ProblemDocument {
  /** {@link PROBLEM_TYPES} and the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The literal that identifies the error: a row of the tables of errors. */
  readonly code: string;
  /** For `version-not-admitted`: what the checks say of the image. */
  readonly verdicts?: readonly {
    readonly check: string;
    readonly state: "passed" | "failed" | "pending";
    readonly reason: string;
    readonly code?: string;
  }[];
  /** For `unknown-type`. Of many known types the first 100. */
  readonly nearMisses?: readonly string[];
  readonly knownTypes?: readonly string[];
  /** For `unknown-type`: what could not be read, one sentence each. Then the type may be there all the same. */
  readonly incomplete?: readonly string[];
  /** The id of the request, as logged. */
  readonly requestId?: string;
}

/**
 * Bounds that the service keeps to and the client insists on, so that nothing the service serves is refused by its client.
 * Bytes of JSON in UTF-8.
 */

/** One executor's document. */
export const DOCUMENT_BYTES = 256 * 1024;
/** A problem's body, lists of known types included. */
export const PROBLEM_BYTES = 256 * 1024;
/** The list of all executors. */
export const LIST_BYTES = 64 * 1024 * 1024;
