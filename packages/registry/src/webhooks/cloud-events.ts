import { allowSender } from "./allow-sender.ts";
import { cloudEventHints } from "./cloud-event-hints.ts";
import { parseCloudEvents } from "./cloud-event.ts";
import { deliveryOf } from "./deliveries.ts";
import type { WebhookReceiver } from "../scan/hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

/** Zot's events over HTTP, sent as CloudEvents in binary mode with the credentials or headers of its configuration. */
export const createZotReceiver = (proof: Proof): WebhookReceiver => createReceiver("zot", proof);

/** CloudEvents of any sender whose types we know: Harbor's, Zot's, Azure's, CDEvents' artifacts, ECR's by a transformer. */
export const createCloudEventsReceiver = (proof: Proof): WebhookReceiver => createReceiver("cloudevents", proof);

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
