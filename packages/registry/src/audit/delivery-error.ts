import { ExecutorRegistryError } from "@executor-registry/resolver";

/** The other side did not take what was delivered. */
export class DeliveryError extends ExecutorRegistryError {
  override readonly name = "DeliveryError";
  /** The HTTP status that it answered with. */
  readonly status?: number;
  /** Milliseconds that it asked to wait. */
  readonly retryAfter?: number;

  /** @param why without secrets: a URL may be one */
  constructor(
    why: string,
    { status, retryAfter, cause }: { status?: number; retryAfter?: number; cause?: unknown } = {},
  ) {
    super("unreachable", why, { cause, retryable: true });
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}
