import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { ConfigurationError } from "@executor-registry/resolver";
import { UnauthorizedWebhookError } from "./errors.ts";
import type { WebhookRequest } from "./webhook.ts";

/** How a sender shows who it is: one of these. */
export interface Proof {
  /** Headers that the sender is set up to send, each with its whole value: `{ authorization: "Bearer …" }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The unguessable end of the URL that the sender was given, for senders that cannot send a secret header. */
  readonly pathToken?: string | undefined;
  /** Any request is accepted. Only for senders that can prove nothing, on networks where no other sender can reach the service. */
  readonly unauthenticated?: true | undefined;
}

/** Fewer characters are guessed, or are a mistake such as an empty environment variable. */
export const MIN_PATH_TOKEN_CHARS = 16;

/**
 * Makes the check of a proof.
 * @returns a function that throws UnauthorizedWebhookError for requests without it
 * @throws ConfigurationError for a proof that would prove nothing
 */
export function createProofCheck(
  kind: string,
  { headers = {}, pathToken, unauthenticated }: Proof,
): (request: WebhookRequest) => void {
  if (unauthenticated === true) return () => {};
  if (pathToken !== undefined) {
    if (pathToken.length < MIN_PATH_TOKEN_CHARS) {
      throw new ConfigurationError(`${kind} webhook: the path token needs ${MIN_PATH_TOKEN_CHARS} characters or more`);
    }
    return (request) => {
      if (request.pathToken !== undefined && sameSecret(request.pathToken, pathToken)) return;
      throw new UnauthorizedWebhookError(kind, "the URL's last part is not the configured path token");
    };
  }
  const expected = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (expected.length === 0 || expected.some(([, value]) => value === "")) {
    throw new ConfigurationError(`${kind} webhook: name at least one header, and no empty values`);
  }
  return (request) => {
    for (const [name, value] of expected) {
      const given = header(request, name);
      if (given === undefined) throw new UnauthorizedWebhookError(kind, `header ${name} is missing`);
      if (!sameSecret(given, value)) {
        throw new UnauthorizedWebhookError(kind, `header ${name} has another value than the configured one`);
      }
    }
  };
}

/** @returns the secret itself. @throws ConfigurationError for an empty one */
export function requireSecret(kind: string, secret: string): string {
  if (secret === "") throw new ConfigurationError(`${kind} webhook: the secret is empty`);
  return secret;
}

/** A header that was sent once. */
export function header({ headers }: WebhookRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.length === 1 ? value[0] : undefined;
}

/** Compares in a time that does not depend on either, their lengths included. */
export function sameSecret(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}

/** The HMAC-SHA256 of a body, in lower-case hex. */
export function hmac(secret: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}
