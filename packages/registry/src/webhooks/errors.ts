import { ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";

/** The request does not prove to come from the configured sender. Nothing of the body was used. */
export class UnauthorizedWebhookError extends ExecutorRegistryError {
  override readonly name = "UnauthorizedWebhookError";
  /** The kind of sender that was expected. */
  readonly kind: string;

  constructor(kind: string, why: string, options: { cause?: unknown } = {}) {
    super("unauthorized", `${kind} webhook: ${why}`, { ...options, retryable: false });
    this.kind = kind;
  }
}

/** The body is not one that this sender sends. The message quotes nothing of it. */
export class InvalidWebhookError extends ExecutorRegistryError {
  override readonly name = "InvalidWebhookError";
  /** The kind of sender that was expected. */
  readonly kind: string;
  /** Where in the body: `events.0.target.repository`. Empty for the body itself; a header's name for a header. */
  readonly path: string;

  constructor(kind: string, path: string, why: string, options: { cause?: unknown } = {}) {
    super(SERVICE_ERRORS["invalid-webhook"], `${kind} event: ${path === "" ? "the body" : path} ${why}`, options);
    this.kind = kind;
    this.path = path;
  }
}

/** What is needed to verify the sender, such as its public keys, cannot be fetched now. The sender should try again. */
export class WebhookUnavailableError extends ExecutorRegistryError {
  override readonly name = "WebhookUnavailableError";
  /** The kind of sender that was expected. */
  readonly kind: string;

  constructor(kind: string, why: string, options: { cause?: unknown } = {}) {
    super("unreachable", `${kind} webhook: ${why}`, options);
    this.kind = kind;
  }
}
