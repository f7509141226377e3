import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { type Clock, ConfigurationError, systemClock } from "@executor-registry/resolver";
import { artifactRegistryHints, PubsubMessage } from "./artifact-registry-message.ts";
import { parseBody } from "./body.ts";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { boundedFetch } from "../net/bounded-fetch.ts";
import { UnauthorizedWebhookError, WebhookUnavailableError } from "./errors.ts";
import type { WebhookReceiver } from "../scan/hint.ts";
import { header } from "./proof.ts";

/** Whose pushes are taken. */
export interface PubsubOptions {
  /** The subscription's audience; its push endpoint's URL unless another was set. */
  readonly audience: string;
  /** The service account that the subscription pushes as. */
  readonly email: string;
  /** Google's public keys. @default "https://www.googleapis.com/oauth2/v3/certs" */
  readonly jwksUri?: string;
  /** @default the global fetch, through the environment's proxies */
  readonly fetch?: typeof fetch;
  /** @default the machine's */
  readonly clock?: Clock;
}

const KEYS = "https://www.googleapis.com/oauth2/v3/certs";
const LIMITS = { bytes: 256 << 10, time: 5000 };
const Push = z.object({ message: PubsubMessage });

/**
 * Artifact Registry's events, pushed by Pub/Sub with an OIDC token. Anybody can have Google sign a token for any audience, so the
 * e-mail decides.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function createPubsubReceiver(options: PubsubOptions): WebhookReceiver {
  const kind = "pubsub";
  const { audience, email, clock = systemClock } = options;
  if (audience === "" || email === "") {
    throw new ConfigurationError(`${kind} webhook: audience and email must be set, or any Google account gets in`);
  }
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return {
    kind,
    async receive(request, signal) {
      const [, token] = /^bearer +(\S+)$/i.exec(header(request, "authorization") ?? "") ?? [];
      if (token === undefined) {
        throw new UnauthorizedWebhookError(kind, "there is no bearer token. Turn on the subscription's authentication");
      }
      const claims = await verify(kind, token, await (keys ??= keySet(options)), audience, clock);
      signal.throwIfAborted();
      if (claims["email"] !== email || claims["email_verified"] !== true) {
        throw new UnauthorizedWebhookError(kind, "the token is of another service account than the configured one");
      }
      const { message } = parseBody(kind, Push, request.body);
      return { status: 202, hints: artifactRegistryHints(kind, message), delivery: message.messageId };
    },
  };
}

async function keySet({ jwksUri = KEYS, fetch = proxiedFetch() }: PubsubOptions): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, customFetch } = await import("jose");
  // One fetch serves all requests that wait for it: no single one's end may cancel it.
  const read = async (url: string): Promise<Response> =>
    new Response(new Uint8Array(await boundedFetch(fetch, new URL(url), LIMITS, new AbortController().signal)));
  return createRemoteJWKSet(new URL(jwksUri), { [customFetch]: read });
}

async function verify(
  kind: string,
  token: string,
  keys: JWTVerifyGetKey,
  audience: string,
  clock: Clock,
): Promise<JWTPayload> {
  const { jwtVerify, errors } = await import("jose");
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: ["https://accounts.google.com", "accounts.google.com"],
      audience,
      algorithms: ["RS256"],
      requiredClaims: ["exp", "email"],
      clockTolerance: 60,
      currentDate: new Date(clock.now()),
    });
    return payload;
  } catch (cause) {
    // jose's errors quote the token's claims, so they are no cause here.
    if (cause instanceof errors.JWKSNoMatchingKey) throw refused(kind, "is signed with a key that is none of Google's");
    if (cause instanceof errors.JWTExpired) throw refused(kind, "has expired");
    if (cause instanceof errors.JWTClaimValidationFailed) throw refused(kind, `has another ${cause.claim}`);
    if (cause instanceof errors.JWKSTimeout || cause instanceof errors.JWKSInvalid) throw unavailable(kind, cause);
    if (cause instanceof errors.JOSEError && cause.code !== "ERR_JOSE_GENERIC") throw refused(kind, "is not valid");
    throw unavailable(kind, cause);
  }
}

const refused = (kind: string, why: string): UnauthorizedWebhookError =>
  new UnauthorizedWebhookError(kind, `the token ${why}`);

const unavailable = (kind: string, cause: unknown): WebhookUnavailableError =>
  new WebhookUnavailableError(kind, "Google's keys cannot be fetched now", { cause });
