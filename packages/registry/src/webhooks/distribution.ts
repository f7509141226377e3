import { z } from "zod";
import { listOf, parseBody, parseValue } from "./body.ts";
import { deliveryOf } from "./deliveries.ts";
import { byAnyProof, webhookKind } from "./kind.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint } from "./make-hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

const Envelope = z.object({
  events: listOf(z.object({ id: z.string().default(""), action: z.string(), target: z.unknown().optional() })),
});

const Target = z.object({
  repository: z.string(),
  mediaType: z.string().optional(),
  tag: z.string().optional(),
  digest: z.string().optional(),
});

const ACTIONS: ReadonlyMap<string, "pushed" | "deleted"> = new Map([
  ["push", "pushed"],
  ["delete", "deleted"],
]);

/**
 * Notifications of the distribution project's registry, `…events.v1+json` of 2.x and `…events.v2+json` of 3.x alike.
 * They prove nothing but by headers from the registry's configuration.
 *
 * `request.host` is left alone: it is the name of the registry that the pusher used, which may differ from ours.
 *
 * @see https://distribution.github.io/distribution/about/notifications/
 */
export const distributionWebhook = webhookKind({
  schema: byAnyProof("distribution"),
  make: createDistributionReceiver,
});

function createDistributionReceiver(proof: Proof): WebhookReceiver {
  const kind = "distribution";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const { events } = parseBody(kind, Envelope, request.body);
      const hints = events.flatMap((event, index) => {
        // Our own reading comes back as pulls: those first, unread.
        const action = ACTIONS.get(event.action);
        if (action === undefined) return [];
        const path = `events.${index}.target`;
        const target = parseValue(kind, Target, event.target, path);
        // Layers and configurations. They mean nothing before their manifest comes.
        if (target.mediaType === "application/octet-stream") return [];
        return [makeHint(kind, `${path}.repository`, { action, ...target })];
      });
      return { status: 202, hints, ...deliveryOf(events.map(({ id }) => id)) };
    },
  };
}
