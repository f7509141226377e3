import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { type Clock, ConfigurationError } from "@executor-registry/resolver";
import { artifactRegistryHints, PubsubMessage } from "./artifact-registry-message.ts";
import { parseBody } from "./body.ts";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { boundedFetch } from "../net/bounded-fetch.ts";
import { UnauthorizedWebhookError, WebhookUnavailableError } from "./errors.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { webhookKind, type WebhookContext } from "./kind.ts";
import { header } from "./proof.ts";
import { senderSettings } from "../settings/kinds.ts";

const PubsubSettings = z.strictObject({
  ...senderSettings,
  kind: z.literal("pubsub"),
  audience: z.string().min(1).meta({ description: "As in the push subscription" }),
  email: z.email().meta({ description: "The service account of the push subscription" }),
});

const KEYS = "https://www.googleapis.com/oauth2/v3/certs";
const LIMITS = { bytes: 256 << 10, time: 5000 };
const Push = z.object({ message: PubsubMessage });

/**
 * Artifact Registry's events, pushed by Pub/Sub with an OIDC token. Anybody can have Google sign a token for any audience, so the
 * e-mail decides.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export const pubsubWebhook = webhookKind({ schema: PubsubSettings, make: createPubsubReceiver });

function createPubsubReceiver(
  { audience, email }: z.output<typeof PubsubSettings>,
  { clock, fetch }: WebhookContext,
): WebhookReceiver {
  const kind = "pubsub";
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
      const claims = await verify(kind, token, await (keys ??= keySet(fetch)), audience, clock);
      signal.throwIfAborted();
      if (claims["email"] !== email || claims["email_verified"] !== true) {
        throw new UnauthorizedWebhookError(kind, "the token is of another service account than the configured one");
      }
      const { message } = parseBody(kind, Push, request.body);
      return { status: 202, hints: artifactRegistryHints(kind, message), delivery: message.messageId };
    },
  };
}

async function keySet(fetch: typeof globalThis.fetch = proxiedFetch()): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, customFetch } = await import("jose");
  // One fetch serves all requests that wait for it: no single one's end may cancel it.
  const read = async (url: string): Promise<Response> =>
    new Response(new Uint8Array(await boundedFetch(fetch, new URL(url), LIMITS, new AbortController().signal)));
  return createRemoteJWKSet(new URL(KEYS), { [customFetch]: read });
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
    if (cause instanceof errors.JWKSNoMatchingKey) throw refused(kind, "is not signed with a key of Google's");
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
