import { z } from "zod";
import { parseBody } from "./body.ts";
import { parseEventBridge } from "./eventbridge.ts";
import { byHeaders, webhookKind } from "./kind.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { createProofCheck, type Proof } from "./proof.ts";

/**
 * Amazon ECR's events through an EventBridge API destination, whose connection sends a header: an API key's own, or
 * `Authorization` for Basic.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
export const ecrWebhook = webhookKind({ schema: byHeaders("ecr"), make: createEcrReceiver });

function createEcrReceiver(proof: Proof): WebhookReceiver {
  const kind = "ecr";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const event = parseBody(kind, z.unknown(), request.body);
      const { id, hints } = parseEventBridge(kind, event, "");
      return { status: 202, hints, delivery: id };
    },
  };
}
