import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { createPubsubPull } from "../queues/pubsub-pull.ts";
import type { EventQueue } from "../queues/queue.ts";
import { createSqsQueue } from "../queues/sqs.ts";
import { defaultGoogleToken } from "../sources/google/google-token.ts";
import type { QueueConfig } from "./webhook-schema.ts";

/** A queue, and the only source whose repositories its events may mean. */
export interface SourcedQueue {
  readonly queue: EventQueue;
  readonly source?: string;
}

/** The queues of a configuration. */
export function makeQueues(
  configs: readonly QueueConfig[],
  around: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
): readonly SourcedQueue[] {
  return configs.map((config) => ({
    queue: queueOf(config, around),
    ...(config.source === undefined ? {} : { source: config.source }),
  }));
}

function queueOf(
  config: QueueConfig,
  around: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
) {
  const { name } = config;
  if (config.kind === "sqs") {
    const { queueUrl, region } = config;
    return createSqsQueue({ name, queueUrl, ...(region === undefined ? {} : { region }), ...around });
  }
  const { subscription } = config;
  return createPubsubPull({ name, subscription, token: defaultGoogleToken("pubsub.googleapis.com"), ...around });
}
