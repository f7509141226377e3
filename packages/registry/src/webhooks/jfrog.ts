import { z } from "zod";
import { parseBody, parseValue } from "./body.ts";
import { UnauthorizedWebhookError } from "./errors.ts";
import { bySecret, webhookKind } from "./kind.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint } from "./make-hint.ts";
import { header, hmac, requireSecret, sameSecret } from "./proof.ts";

const Body = z.object({ domain: z.string(), event_type: z.string(), data: z.unknown().optional() });

const Data = z.object({
  repo_key: z.string(),
  image_name: z.string(),
  tag: z.string().nullish(),
  sha256: z.string().nullish(),
});

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["pushed", "pushed"],
  ["promoted", "pushed"],
  ["deleted", "deleted"],
]);

/**
 * Artifactory's webhooks of the domain `docker`. `X-JFrog-Event-Auth` is the secret itself, or the body's HMAC by it where the
 * webhook is set to sign; neither can be sent without the secret.
 * @see https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
 */
export const jfrogWebhook = webhookKind({ schema: bySecret("jfrog"), make: createJfrogReceiver });

function createJfrogReceiver(options: { readonly secret: string }): WebhookReceiver {
  const kind = "jfrog";
  const secret = requireSecret(kind, options.secret);
  return {
    kind,
    async receive(request) {
      const given = header(request, "x-jfrog-event-auth");
      if (given === undefined) throw new UnauthorizedWebhookError(kind, "header x-jfrog-event-auth is missing");
      const signed = sameSecret(given, hmac(secret, request.body));
      if (!signed && !sameSecret(given, secret)) {
        throw new UnauthorizedWebhookError(kind, "x-jfrog-event-auth is neither the secret nor the body's HMAC by it");
      }
      const { domain, event_type: type, data } = parseBody(kind, Body, request.body);
      const action = domain === "docker" ? ACTIONS.get(type) : undefined;
      return { status: 202, hints: action === undefined ? [] : jfrogHints(kind, action, data) };
    },
  };
}

function jfrogHints(kind: string, action: Hint["action"], data: unknown): readonly Hint[] {
  const { repo_key: key, image_name: image, sha256, ...rest } = parseValue(kind, Data, data, "data");
  // Artifactory cannot write a colon in a path: an untagged push has `sha256__` and hex for a tag.
  const tag = rest.tag?.replace(/^sha256__/, "sha256:");
  const claim = { action, tag, digest: `sha256:${sha256}` };
  // Whether its references begin with the key of the repository depends on how Docker reaches it, which no event says.
  return [`${key}/${image}`, image].map((repository) => makeHint(kind, "data.image_name", { ...claim, repository }));
}
