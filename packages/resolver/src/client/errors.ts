import type { ProblemDocument } from "../contract/executor-document.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";

/** The codes of {@link RegistryServiceError}. */
export type RegistryServiceErrorCode =
  | "unreachable"
  | "timeout"
  | "unauthorized"
  | "forbidden"
  | "throttled"
  | "too-large"
  | "not-ready"
  | "internal";

/** What came of asking one of the service's addresses. */
export interface RegistryAttempt {
  /** The base URL. */
  readonly url: string;
  readonly problem: string;
}

/** What the service says of an error (RFC 9457). */
export type ServiceProblem = Omit<ProblemDocument, "status" | "requestId">;

/** What else is known of a {@link RegistryServiceError}. */
export interface RegistryServiceErrorFacts {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly attempts?: readonly RegistryAttempt[];
  /** The service is there and answered; only this question got no answer. @default false */
  readonly alive?: boolean;
  readonly problem?: ServiceProblem;
  readonly cause?: unknown;
}

/** The registry service refused, failed, did not answer, or is not what answers at its address. */
export class RegistryServiceError extends ExecutorRegistryError {
  override readonly name = "RegistryServiceError";
  declare readonly code: RegistryServiceErrorCode;
  /** The HTTP status, where one answer decided. */
  readonly status?: number;
  /** Milliseconds the service asked to wait. */
  readonly retryAfter?: number;
  /** Every address tried, in order. */
  readonly attempts: readonly RegistryAttempt[];
  /** Whether the service is there and answered, so that other questions may well be answered. */
  readonly alive: boolean;
  /** What the service itself says of it, where it answered in its own form. */
  readonly problem?: ServiceProblem;

  constructor(code: RegistryServiceErrorCode, message: string, facts: RegistryServiceErrorFacts = {}) {
    super(code, message, facts);
    this.attempts = facts.attempts ?? [];
    this.alive = facts.alive ?? false;
    if (facts.status !== undefined) this.status = facts.status;
    if (facts.retryAfter !== undefined) this.retryAfter = facts.retryAfter;
    if (facts.problem !== undefined) this.problem = facts.problem;
  }
}

/** The service has not confirmed the last answer for longer than `maxStale`. */
export class TooStaleError extends ExecutorRegistryError {
  override readonly name = "TooStaleError";
  /** When the service last confirmed it, ISO 8601 in UTC. */
  readonly staleSince: string;

  constructor(what: string, staleSince: string, problem: Error) {
    super(
      "too-stale",
      `${what} was last confirmed at ${staleSince}, longer ago than registry.maxStale allows: ${problem.message}`,
      { cause: problem },
    );
    this.staleSince = staleSince;
  }
}
