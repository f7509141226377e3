import { ExecutorRegistryError } from "../../tools/errors.ts";

/** The codes of {@link KubernetesError}. */
export type KubernetesErrorCode =
  | "forbidden"
  | "not-admitted"
  | "unauthorized"
  | "not-found"
  | "conflict"
  | "gone"
  | "throttled"
  | "unreachable"
  | "timeout"
  | "kubernetes-api"
  | "too-large";

/** Which call to which server. */
export interface Place {
  readonly method: string;
  readonly path: string;
  /** The server's URL, without credentials. */
  readonly server: string;
}

/** What else is known of a {@link KubernetesError}. */
export interface KubernetesErrorFacts {
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfter?: number;
  readonly answer?: object;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** A Kubernetes API server refused, failed, or did not answer. */
export class KubernetesError extends ExecutorRegistryError {
  override readonly name = "KubernetesError";
  declare readonly code: KubernetesErrorCode;
  /** The API path that was asked for. */
  readonly path: string;
  /** The server's URL, without credentials. */
  readonly server: string;
  /** The HTTP status, or the code of a watch's ERROR event. */
  readonly status?: number;
  /**
   * The server's one-word reason, such as `Forbidden` or `AlreadyExists`, or the system's code, such as `ECONNREFUSED`.
   * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
   */
  readonly reason?: string;
  /** Milliseconds the server asked to wait. */
  readonly retryAfter?: number;
  /** The answer's JSON where it is no `Status`: that of a service behind the server's proxy. */
  readonly answer?: object;

  constructor(code: KubernetesErrorCode, message: string, place: Place, facts: KubernetesErrorFacts = {}) {
    super(code, `${place.method} ${place.path}: ${message}`, facts);
    this.path = place.path;
    this.server = place.server;
    if (facts.status !== undefined) this.status = facts.status;
    if (facts.reason !== undefined) this.reason = facts.reason;
    if (facts.retryAfter !== undefined) this.retryAfter = facts.retryAfter;
    if (facts.answer !== undefined) this.answer = facts.answer;
  }
}

/** No cluster is configured anywhere. */
export class NoClusterError extends ExecutorRegistryError {
  override readonly name = "NoClusterError";
  /** The places looked at, in order, and what was found there. */
  readonly lookedAt: readonly string[];

  constructor(lookedAt: readonly string[]) {
    super(
      "no-cluster",
      `no Kubernetes cluster is configured. Looked at: ${lookedAt.join("; ")}. ` +
        "Set KUBECONFIG, or run inside a cluster with a service account's token",
    );
    this.lookedAt = lookedAt;
  }
}

/** A kubeconfig that cannot be read, or that lacks what was asked for. */
export class KubeconfigError extends ExecutorRegistryError {
  override readonly name = "KubeconfigError";
  /** The contexts there are. */
  readonly contexts: readonly string[];

  constructor(message: string, options: { contexts?: readonly string[]; cause?: unknown } = {}) {
    super("configuration", message, options);
    this.contexts = options.contexts ?? [];
  }
}
