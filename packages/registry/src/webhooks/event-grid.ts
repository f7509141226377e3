import { z } from "zod";
import { acrHint } from "./acr.ts";
import { listOf, parseBody, parseValue } from "./body.ts";
import { allowSender, isCloudEvent, parseCloudEvents } from "./cloud-event.ts";
import { deliveryOf } from "./deliveries.ts";
import { byHeadersOrPath, webhookKind } from "./kind.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookAnswer, WebhookReceiver, WebhookRequest } from "./webhook.ts";
import { createProofCheck, header, type Proof } from "./proof.ts";

const Events = listOf(z.object({ id: z.string().default(""), eventType: z.string(), data: z.unknown().optional() }));
const Validation = z.object({ validationCode: z.string().min(1).max(200) });

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["Microsoft.ContainerRegistry.ImagePushed", "pushed"],
  ["Microsoft.ContainerRegistry.ImageDeleted", "deleted"],
]);

/**
 * Azure container registries through Event Grid, in its own schema or in CloudEvents'. Event Grid signs nothing. Of the proofs a
 * path token is the safer choice: the handshakes must carry it too.
 *
 * `validationUrl` and `WebHook-Request-Callback` are never called.
 *
 * @see https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
 * @see https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
 */
export const eventGridWebhook = webhookKind({ schema: byHeadersOrPath("event-grid"), make: createEventGridReceiver });

function createEventGridReceiver(proof: Proof): WebhookReceiver {
  const kind = "event-grid";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      if (request.method === "OPTIONS") return allowSender(kind, request);
      if (isCloudEvent(request)) {
        const events = parseCloudEvents(kind, request);
        const hints = events.flatMap(({ type, data, path }) => eventGridHints(kind, type, data, path));
        return { status: 202, hints, ...deliveryOf(events.map(({ id }) => id)) };
      }
      return ownSchema(kind, request);
    },
  };
}

/** The hints of a registry's event, in either schema. */
export function eventGridHints(kind: string, type: string, data: unknown, path: string): readonly Hint[] {
  const action = ACTIONS.get(type);
  return action === undefined ? [] : [acrHint(kind, action, data, path)];
}

function ownSchema(kind: string, request: WebhookRequest): WebhookAnswer {
  const events = parseBody(kind, Events, request.body);
  const handshake = header(request, "aeg-event-type") === "SubscriptionValidation";
  const validation = events.findIndex(
    ({ eventType }) => eventType === "Microsoft.EventGrid.SubscriptionValidationEvent",
  );
  if (handshake && validation >= 0) {
    const { validationCode } = parseValue(kind, Validation, events[validation]?.data, `${validation}.data`);
    return { status: 200, body: { validationResponse: validationCode }, hints: [] };
  }
  const hints = events.flatMap(({ eventType, data }, index) => eventGridHints(kind, eventType, data, `${index}.data`));
  return { status: 202, hints, ...deliveryOf(events.map(({ id }) => id)) };
}
