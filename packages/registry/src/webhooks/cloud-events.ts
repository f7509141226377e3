import { cloudEventHints } from "./cloud-event-hints.ts";
import { allowSender, parseCloudEvents } from "./cloud-event.ts";
import { deliveryOf } from "./deliveries.ts";
import { byAnyProof, webhookKind } from "./kind.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { createProofCheck, type Proof } from "./proof.ts";

/** Zot's events over HTTP, sent as CloudEvents in binary mode with the credentials or headers of its configuration. */
export const zotWebhook = webhookKind({ schema: byAnyProof("zot"), make: (proof) => createReceiver("zot", proof) });

/** CloudEvents of any sender whose types we know: Harbor's, Zot's, Azure's, CDEvents' artifacts, ECR's by a transformer. */
export const cloudEventsWebhook = webhookKind({
  schema: byAnyProof("cloudevents"),
  make: (proof) => createReceiver("cloudevents", proof),
});

function createReceiver(kind: string, proof: Proof): WebhookReceiver {
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      if (request.method === "OPTIONS") return allowSender(kind, request);
      const events = parseCloudEvents(kind, request);
      const hints = events.flatMap((event) => cloudEventHints(kind, event));
      // Ids are unique per source only.
      return { status: 202, hints, ...deliveryOf(events.map(({ source, id }) => `${source} ${id}`)) };
    },
  };
}
