import { z } from "zod";
import { parseBody, parseValue } from "./body.ts";
import { byHeadersOrPath, webhookKind } from "./kind.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint } from "./make-hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

const Body = z.object({ id: z.string().optional(), action: z.string() });

const Data = z.object({
  target: z.object({
    repository: z.string(),
    tag: z.string().nullish(),
    digest: z.string().nullish(),
  }),
  request: z.object({ host: z.string().optional() }).nullish(),
});

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["push", "pushed"],
  ["delete", "deleted"],
]);

/**
 * Webhooks of an Azure container registry, with the custom headers that they were created with. `ping` is what
 * `az acr webhook ping` sends.
 * @see https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
 */
export const acrWebhook = webhookKind({ schema: byHeadersOrPath("acr"), make: createAcrReceiver });

function createAcrReceiver(proof: Proof): WebhookReceiver {
  const kind = "acr";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const body = parseBody(kind, z.unknown(), request.body);
      const { id, action } = parseValue(kind, Body, body, "");
      const known = ACTIONS.get(action);
      const hints = known === undefined ? [] : [acrHint(kind, known, body, "")];
      return { status: 202, hints, ...(id !== undefined && { delivery: id }) };
    },
  };
}

/** What a registry says of an image, in a webhook's body and in Event Grid's `data` alike. */
export function acrHint(kind: string, action: Hint["action"], data: unknown, path: string): Hint {
  const { target, request } = parseValue(kind, Data, data, path);
  const where = path === "" ? "target.repository" : `${path}.target.repository`;
  return makeHint(kind, where, { action, ...target, registry: request?.host || undefined });
}
