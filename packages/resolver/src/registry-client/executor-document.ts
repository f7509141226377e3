/**
 * The JSON of `GET /executors/{type}`, and each value of `GET /executors`. Written by the service, read by the client.
 * Readers pass over members they do not know.
 */
export interface ExecutorDocument {
  readonly type: string;
  /** Always `repository@sha256:…`. */
  readonly image: string;
  readonly digest: string;
  /** The tag that tells it apart for a person. */
  readonly version: string;
  /** Every tag that names the image. */
  readonly tags: readonly string[];
  /** What the image says it can do (label `executor-registry.dev/capabilities`), sorted. */
  readonly capabilities: readonly string[];
  /** The team that owns it (label `executor-registry.dev/owner`), where known. */
  readonly owner?: string;
  /** When this version entered the catalogue, ISO 8601 in UTC. */
  readonly added: string;
  /** When its checks last passed, ISO 8601 in UTC. */
  readonly validated: string;
  /** When the image was built, by its own account. */
  readonly created?: string;
  /** When the registry received it, where it tells. */
  readonly pushed?: string;
  readonly sizeBytes?: number;
  /** `linux/amd64`, sorted. */
  readonly platforms: readonly string[];
  /** Name of the source in the service's configuration. */
  readonly source: string;
  /** What decided that it is this version. */
  readonly decidedBy: "policy" | "pin" | "rollout" | "only-candidate";
  /** Why this version, in one sentence. */
  readonly reason: string;
  /** How many admitted versions of this type there are. */
  readonly versions: number;
  /** What a person should know: another repository claims the same type, … */
  readonly warnings: readonly string[];
}

/** The data of an `executor` event of `GET /events`; its id is the journal's sequence. */
export interface ExecutorEvent {
  readonly type: string;
  /** Absent when nothing of this type can be resolved any more. */
  readonly image?: string;
  readonly version?: string;
}

/** An error's body (RFC 9457), with the members that this service adds. */
export interface ProblemDocument {
  /** `https://executor-registry.dev/problems/{code}` */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The literal of the table of errors. */
  readonly code: string;
  /** For `unknown-type`. */
  readonly nearMisses?: readonly string[];
  readonly knownTypes?: readonly string[];
  /** The id of the request, as logged. */
  readonly requestId?: string;
}
