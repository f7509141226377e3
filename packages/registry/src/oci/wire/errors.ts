import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../../errors/service-errors.ts";

/** The codes of {@link RegistryError}. */
export type RegistryErrorCode =
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "throttled"
  | "unreachable"
  | "timeout"
  | "registry-protocol"
  | "digest-mismatch"
  | "too-large"
  | "refused-address"
  | "closed";

/** What a request was about, for messages. */
export interface Place {
  /** `host[:port]` of the registry, as in references. */
  readonly host: string;
  /** Path within the registry. */
  readonly repository?: string;
}

/** What else is known of a {@link RegistryError}. */
export interface RegistryErrorFacts {
  readonly status?: number;
  readonly requestId?: string;
  readonly retryAfter?: number;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly digest?: Digest;
}

/** Foreign text for a message: one line, bounded, well-formed, without control characters. */
export function shown(text: string, most: number): string {
  return text
    .slice(0, most * 4)
    .replace(/[\p{C}\p{Z}]+/gu, " ")
    .trim()
    .slice(0, most)
    .toWellFormed();
}

/** A container registry refused, failed, or did not answer. */
export class RegistryError extends ExecutorRegistryError {
  override readonly name: string = "RegistryError";
  declare readonly code: RegistryErrorCode;
  /** `host[:port]` of the registry, as in references. */
  readonly host: string;
  /** Path within the registry. */
  readonly repository?: string;
  /** The HTTP status. */
  readonly status?: number;
  /** The registry's own name for the request, for its operators. */
  readonly requestId?: string;
  /** Milliseconds the registry asked to wait. */
  readonly retryAfter?: number;
  /**
   * The manifest whose verified content, or that of its configuration, is what cannot be read: it never can be, so that it need not be fetched
   * again. Absent for every failure that may pass.
   */
  readonly digest?: Digest;

  constructor(code: RegistryErrorCode, message: string, place: Place, facts: RegistryErrorFacts = {}) {
    super(
      SERVICE_ERRORS[code],
      `${place.repository === undefined ? place.host : `${place.host}/${place.repository}`}: ${message}`,
      facts,
    );
    this.host = place.host;
    if (place.repository !== undefined) this.repository = place.repository;
    if (facts.status !== undefined) this.status = facts.status;
    if (facts.requestId !== undefined) this.requestId = facts.requestId;
    if (facts.retryAfter !== undefined) this.retryAfter = facts.retryAfter;
    if (facts.digest !== undefined) this.digest = facts.digest;
  }
}

/** The registry itself says that there is no such repository. A 404 of something before the registry is no such answer. */
export class RepositoryGoneError extends RegistryError {
  override readonly name = "RepositoryGoneError";

  constructor(message: string, place: Place, facts: RegistryErrorFacts = {}) {
    super("not-found", message, place, facts);
  }
}

/** The bytes are not what their digest says: damaged on the way, or forged. */
export class DigestMismatchError extends RegistryError {
  override readonly name = "DigestMismatchError";
  readonly expected: Digest;
  readonly actual: Digest;

  constructor(what: string, expected: Digest, actual: Digest, place: Place) {
    super(
      "digest-mismatch",
      `${what} should be ${expected} but is ${actual}. Nothing of it is used. ` +
        "Where a proxy or mirror stands before the registry, look there first",
      place,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** An answer is, or claims to be, larger than is ever read. */
export class TooLargeError extends RegistryError {
  override readonly name = "TooLargeError";
  /** What was too many, such as bytes or pages: the most that is accepted. */
  readonly limit: number;

  constructor(message: string, limit: number, place: Place, facts: RegistryErrorFacts = {}) {
    super("too-large", message, place, facts);
    this.limit = limit;
  }
}

/** A token server or redirect lies where a registry has no business to send us. */
export class RefusedAddressError extends RegistryError {
  override readonly name = "RefusedAddressError";
  /** The host name or address that was not contacted. */
  readonly address: string;

  constructor(address: string, message: string, place: Place) {
    super("refused-address", message, place);
    this.address = address;
  }
}
