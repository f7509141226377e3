import { type ErrorCode, ExecutorRegistryError } from "@executor-registry/resolver";

/** What else is known of a {@link QueueError}. */
export interface QueueErrorFacts {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A queue refused, failed, or did not answer. */
export class QueueError extends ExecutorRegistryError {
  override readonly name = "QueueError";
  /** As named in the configuration. */
  readonly queue: string;
  /** The HTTP status. */
  readonly status?: number;
  /** Milliseconds the queue asked to wait. */
  readonly retryAfter?: number;

  constructor(code: ErrorCode, queue: string, why: string, { status, retryAfter, cause }: QueueErrorFacts = {}) {
    // Rights and queues may be created while the service runs.
    super(code, `queue ${queue}: ${why}`, { cause, retryable: true });
    this.queue = queue;
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}
