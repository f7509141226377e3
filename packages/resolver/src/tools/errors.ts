/**
 * Every error of this project in one table: what it is called, how HTTP and the command line answer it,
 * and whether trying again can help. The documentation's table of errors and exit codes is made from it.
 */
export const ERRORS = {
  "invalid-reference": { title: "Not an image reference", status: 400, exit: 2, retryable: false },
  "invalid-template": { title: "Not an executor template", status: 400, exit: 2, retryable: false },
  "invalid-type": { title: "Not an executor type", status: 400, exit: 2, retryable: false },
  "invalid-request": { title: "Not a valid request", status: 400, exit: 2, retryable: false },
  "invalid-layout": { title: "Not a readable OCI image layout", status: 500, exit: 1, retryable: false },
  configuration: { title: "Contradictory or missing configuration", status: 500, exit: 2, retryable: false },
  "unknown-type": { title: "No image of this executor type", status: 404, exit: 3, retryable: true },
  forbidden: { title: "Not allowed", status: 403, exit: 4, retryable: true },
  "not-admitted": {
    title: "Refused by a quota, a policy or a namespace that ends",
    status: 403,
    exit: 1,
    retryable: false,
  },
  unauthorized: { title: "Credentials missing or refused", status: 401, exit: 4, retryable: true },
  "no-cluster": { title: "No Kubernetes cluster configured", status: 503, exit: 5, retryable: false },
  unreachable: { title: "Server not reachable", status: 503, exit: 5, retryable: true },
  timeout: { title: "No answer in time", status: 504, exit: 5, retryable: true },
  "not-found": { title: "No such object", status: 404, exit: 1, retryable: false },
  conflict: { title: "Changed or taken by someone else", status: 409, exit: 1, retryable: true },
  "not-ready": { title: "Not known yet", status: 503, exit: 5, retryable: true },
  internal: { title: "Internal error", status: 500, exit: 1, retryable: true },
  gone: { title: "The watch's position expired", status: 410, exit: 1, retryable: true },
  throttled: { title: "Too many requests", status: 429, exit: 5, retryable: true },
  "registry-protocol": {
    title: "The container registry's answer is none of the OCI distribution API",
    status: 502,
    exit: 1,
    retryable: true,
  },
  "digest-mismatch": { title: "The bytes are not what their digest says", status: 502, exit: 1, retryable: true },
  "refused-address": { title: "An address that must not be contacted", status: 502, exit: 1, retryable: false },
  "invalid-webhook": { title: "Not an event of this sender", status: 400, exit: 2, retryable: false },
  "invalid-configuration": { title: "Mistakes in the configuration file", status: 500, exit: 2, retryable: false },
  store: { title: "The store cannot be read or written", status: 503, exit: 1, retryable: true },
  "broken-journal": { title: "The journal's chain does not hold", status: 500, exit: 1, retryable: false },
  "too-stale": { title: "The last answer is older than allowed", status: 503, exit: 5, retryable: true },
  "kubernetes-api": { title: "The Kubernetes API answered with an error", status: 502, exit: 1, retryable: false },
  "too-large": { title: "An answer exceeds its size limit", status: 502, exit: 1, retryable: false },
  closed: { title: "Used after close", status: 503, exit: 1, retryable: false },
} as const satisfies Record<string, ErrorRow>;

/** One row of {@link ERRORS}. `status` is HTTP's, `exit` the command line's. */
export interface ErrorRow {
  readonly title: string;
  readonly status: number;
  readonly exit: number;
  readonly retryable: boolean;
}

/** The literal that tells errors apart. */
export type ErrorCode = keyof typeof ERRORS;

/** Base of every error this project throws. Facts are fields of the subclasses; the origin is in `cause`. */
export class ExecutorRegistryError extends Error {
  override readonly name: string = "ExecutorRegistryError";
  readonly code: ErrorCode;
  /** Whether the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERRORS[code].retryable;
  }
}
