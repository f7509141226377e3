import { z } from "zod";
import { tryParseReference } from "@executor-registry/resolver";
import { parseBody } from "./body.ts";
import { InvalidWebhookError, UnauthorizedWebhookError } from "./errors.ts";
import { bySecret, webhookKind } from "./kind.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint } from "./make-hint.ts";
import { header, hmac, requireSecret, sameSecret } from "./proof.ts";

const Package = z.object({
  name: z.string(),
  package_type: z.string(),
  owner: z.object({ login: z.string() }),
  package_version: z
    .object({
      version: z.string().nullish(),
      package_url: z.string().nullish(),
      container_metadata: z
        .object({
          tag: z.object({ name: z.string().nullish(), digest: z.string().nullish() }).nullish(),
          manifest: z.object({ digest: z.string().nullish() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

const Body = z.object({
  action: z.string(),
  package: Package.optional(),
  registry_package: Package.optional(),
});

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["published", "pushed"],
  ["updated", "pushed"],
  ["deleted", "deleted"],
]);

/**
 * GitHub's `package` and `registry_package` events, of containers. The signature covers the bytes as they were sent.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const ghcrWebhook = webhookKind({ schema: bySecret("ghcr"), make: createGhcrReceiver });

function createGhcrReceiver(options: { readonly secret: string }): WebhookReceiver {
  const kind = "ghcr";
  const secret = requireSecret(kind, options.secret);
  return {
    kind,
    async receive(request) {
      const signature = header(request, "x-hub-signature-256");
      if (signature === undefined) {
        throw new UnauthorizedWebhookError(kind, "header x-hub-signature-256 is missing. Give the webhook a secret");
      }
      if (!sameSecret(signature, `sha256=${hmac(secret, request.body)}`)) {
        throw new UnauthorizedWebhookError(kind, "the signature is not the body's by the configured secret");
      }
      const event = header(request, "x-github-event");
      if (event === undefined) throw new InvalidWebhookError(kind, "x-github-event", "is missing");
      const id = header(request, "x-github-delivery");
      const delivery = id === undefined ? {} : { delivery: id };
      // A ping, or another event that the webhook is subscribed to by mistake.
      if (event !== "package" && event !== "registry_package") return { status: 202, hints: [], ...delivery };
      const body = parseBody(kind, Body, request.body);
      const subject = body[event];
      if (subject === undefined) throw new InvalidWebhookError(kind, event, "is missing");
      const action = ACTIONS.get(body.action);
      const container = subject.package_type.toLowerCase() === "container";
      const hints = action === undefined || !container ? [] : [hintOf(kind, event, action, subject)];
      return { status: 202, hints, ...delivery };
    },
  };
}

function hintOf(kind: string, path: string, action: Hint["action"], subject: z.output<typeof Package>): Hint {
  const version = subject.package_version;
  const { tag, manifest } = version?.container_metadata ?? {};
  // The owner is written as its account spells it, and the tag may be missing after its colon.
  const url = tryParseReference((version?.package_url ?? "").replace(/:$/, "").replace(/^[^:@]+/, lower));
  const named = url ?? { registry: "ghcr.io", repository: `${subject.owner.login}/${subject.name}` };
  return makeHint(kind, `${path}.name`, {
    action,
    registry: named.registry,
    repository: named.repository,
    tag: tag?.name || url?.tag,
    digest: tag?.digest || manifest?.digest || version?.version,
  });
}

const lower = (text: string): string => text.toLowerCase();
