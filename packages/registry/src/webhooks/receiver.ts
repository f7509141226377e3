import { createAcrReceiver } from "./acr.ts";
import { createCloudEventsReceiver, createZotReceiver } from "./cloud-events.ts";
import { createDeliveries } from "./deliveries.ts";
import { createDistributionReceiver } from "./distribution.ts";
import { createDockerHubReceiver } from "./docker-hub.ts";
import { createEcrReceiver } from "./ecr.ts";
import { createEventGridReceiver } from "./event-grid.ts";
import { createGhcrReceiver } from "./ghcr.ts";
import { createHarborReceiver } from "./harbor.ts";
import type { WebhookReceiver } from "../scan/hint.ts";
import { createJfrogReceiver } from "./jfrog.ts";
import { createPubsubReceiver } from "./pubsub.ts";
import { createQuayReceiver } from "./quay.ts";
import { createSnsReceiver } from "./sns.ts";

const RECEIVERS = {
  distribution: createDistributionReceiver,
  harbor: createHarborReceiver,
  ghcr: createGhcrReceiver,
  quay: createQuayReceiver,
  "docker-hub": createDockerHubReceiver,
  acr: createAcrReceiver,
  "event-grid": createEventGridReceiver,
  jfrog: createJfrogReceiver,
  zot: createZotReceiver,
  cloudevents: createCloudEventsReceiver,
  ecr: createEcrReceiver,
  sns: createSnsReceiver,
  pubsub: createPubsubReceiver,
};

/** The kinds of senders that are understood. */
export type WebhookKind = keyof typeof RECEIVERS;
export const WEBHOOK_KINDS = Object.keys(RECEIVERS) as readonly WebhookKind[];

/** What each kind of sender is told apart by. */
export type WebhookOptions<K extends WebhookKind> = Parameters<(typeof RECEIVERS)[K]>[0];

/**
 * Understands one kind of sender, and takes each of its deliveries once.
 * @throws ConfigurationError for options that would let anybody in
 */
export function createReceiver<K extends WebhookKind>(kind: K, options: WebhookOptions<K>): WebhookReceiver {
  const create = RECEIVERS[kind] as (options: WebhookOptions<K>) => WebhookReceiver;
  const receiver = create(options);
  const deliveries = createDeliveries();
  return {
    kind,
    async receive(request, signal) {
      const answer = await receiver.receive(request, signal);
      const again = answer.delivery !== undefined && !deliveries.take(answer.delivery);
      return again ? { ...answer, hints: [] } : answer;
    },
  };
}
