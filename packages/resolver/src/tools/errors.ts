/** What an error's code means to HTTP, to the command line and to callers that may try again. */
export interface ErrorRow<Code extends string = string> {
  readonly code: Code;
  /** Names the problem in a few words (RFC 9457). */
  readonly title: string;
  /** The HTTP status of a service that answers with it. */
  readonly status: number;
  /** The exit code of a command that ends with it. */
  readonly exit: number;
  /** Whether the same call can succeed later without a change by the caller, unless the error itself says otherwise. */
  readonly retryable: boolean;
}

/** The errors of one package. Codes are unique across packages. */
export function errorTable<const Code extends string>(
  rows: Readonly<Record<Code, Omit<ErrorRow, "code">>>,
): { readonly [Key in Code]: ErrorRow<Key> } {
  const entries = Object.entries<Omit<ErrorRow, "code">>(rows);
  return Object.fromEntries(entries.map(([code, row]) => [code, { code, ...row }])) as {
    [Key in Code]: ErrorRow<Key>;
  };
}

/** The errors that this package throws or that the service's answers name. Other packages add tables of their own. */
export const ERRORS = errorTable({
  "invalid-reference": { title: "Invalid image reference", status: 400, exit: 2, retryable: false },
  "invalid-template": { title: "Invalid executor template", status: 400, exit: 2, retryable: false },
  "invalid-type": { title: "Invalid executor type", status: 400, exit: 2, retryable: false },
  "invalid-request": { title: "Invalid request", status: 400, exit: 2, retryable: false },
  "invalid-layout": { title: "Invalid OCI image layout", status: 500, exit: 1, retryable: false },
  configuration: { title: "Missing or contradictory configuration", status: 500, exit: 2, retryable: false },
  "unknown-type": { title: "Unknown executor type", status: 404, exit: 3, retryable: true },
  "no-match": { title: "No executor type with these capabilities", status: 404, exit: 3, retryable: true },
  forbidden: { title: "Permission denied", status: 403, exit: 4, retryable: true },
  "not-admitted": {
    title: "Denied by a quota, an admission policy or a terminating namespace",
    status: 403,
    exit: 1,
    retryable: false,
  },
  unauthorized: { title: "Missing or invalid credentials", status: 401, exit: 4, retryable: true },
  "no-cluster": { title: "No Kubernetes cluster configured", status: 503, exit: 5, retryable: false },
  unreachable: { title: "Server unreachable", status: 503, exit: 5, retryable: true },
  timeout: { title: "Request timeout", status: 504, exit: 5, retryable: true },
  "not-found": { title: "Object not found", status: 404, exit: 1, retryable: false },
  conflict: { title: "Conflicting change", status: 409, exit: 1, retryable: true },
  "not-ready": { title: "Service not ready", status: 503, exit: 5, retryable: true },
  internal: { title: "Internal error", status: 500, exit: 1, retryable: true },
  gone: { title: "Expired watch position", status: 410, exit: 1, retryable: true },
  throttled: { title: "Too many requests", status: 429, exit: 5, retryable: true },
  "too-stale": { title: "Last answer too old", status: 503, exit: 5, retryable: true },
  "kubernetes-api": { title: "Kubernetes API error", status: 502, exit: 1, retryable: false },
  "too-large": { title: "Answer too large", status: 502, exit: 1, retryable: false },
  "broken-journal": { title: "Broken journal", status: 500, exit: 1, retryable: false },
  closed: { title: "Use after close", status: 503, exit: 1, retryable: false },
});

/** The codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** Base of every error this project throws. Facts are fields of the subclasses; the origin is in `cause`. */
export class ExecutorRegistryError extends Error {
  override readonly name: string = "ExecutorRegistryError";
  /** The literal that identifies the error. */
  readonly code: string;
  /** Whether the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;
  readonly #row: ErrorRow;

  /** @param error a code of {@link ERRORS}, or a row of another package's table */
  constructor(error: ErrorCode | ErrorRow, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.#row = typeof error === "string" ? ERRORS[error] : error;
    this.code = this.#row.code;
    this.retryable = options.retryable ?? this.#row.retryable;
  }

  /** What the code means: HTTP status, exit code, title. */
  get row(): ErrorRow {
    return this.#row;
  }
}
