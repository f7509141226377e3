import type { z } from "zod";
import { tableOf } from "../settings/kinds.ts";
import { acrWebhook } from "./acr.ts";
import { cloudEventsWebhook, zotWebhook } from "./cloud-events.ts";
import { createDeliveries } from "./deliveries.ts";
import { distributionWebhook } from "./distribution.ts";
import { dockerHubWebhook } from "./docker-hub.ts";
import { ecrWebhook } from "./ecr.ts";
import { eventGridWebhook } from "./event-grid.ts";
import { ghcrWebhook } from "./ghcr.ts";
import { harborWebhook } from "./harbor.ts";
import { jfrogWebhook } from "./jfrog.ts";
import type { WebhookContext } from "./kind.ts";
import { pubsubWebhook } from "./pubsub.ts";
import { quayWebhook } from "./quay.ts";
import { snsWebhook } from "./sns.ts";
import type { Webhook, WebhookReceiver } from "./webhook.ts";

/** The kinds of senders that are understood. A new one is added here, and has a file of its own. */
const KINDS = tableOf([
  quayWebhook,
  dockerHubWebhook,
  ecrWebhook,
  harborWebhook,
  acrWebhook,
  eventGridWebhook,
  distributionWebhook,
  zotWebhook,
  cloudEventsWebhook,
  ghcrWebhook,
  jfrogWebhook,
  snsWebhook,
  pubsubWebhook,
]);

/** Where events of one sender come in, as configured. */
export const WebhookConfig = KINDS.schema;
export type WebhookConfig = z.output<typeof WebhookConfig>;
export const WEBHOOK_KINDS: readonly string[] = WebhookConfig.options.map(({ shape }) => shape.kind.value);

/** The webhooks of a configuration, by name. @throws ConfigurationError for a proof that would prove nothing */
export function makeWebhooks(configs: readonly WebhookConfig[], around: WebhookContext): ReadonlyMap<string, Webhook> {
  return new Map(
    configs.map((config) => {
      const { name, source } = config;
      return [name, { name, receiver: createReceiver(config, around), ...(source === undefined ? {} : { source }) }];
    }),
  );
}

/** Takes each delivery of a sender once. */
function createReceiver(config: WebhookConfig, around: WebhookContext): WebhookReceiver {
  const receiver = KINDS.make(config, around);
  const deliveries = createDeliveries();
  return {
    kind: receiver.kind,
    async receive(request, signal) {
      const answer = await receiver.receive(request, signal);
      const again = answer.delivery !== undefined && !deliveries.take(answer.delivery);
      return again ? { ...answer, hints: [] } : answer;
    },
  };
}
