import type { z } from "zod";
import { tableOf } from "../settings/kinds.ts";
import { pubsubQueue } from "./pubsub-pull.ts";
import type { EventQueue, QueueContext } from "./queue.ts";
import { sqsQueue } from "./sqs.ts";

/** The kinds of queues that are asked. A new one is added here, and has a file of its own. */
const KINDS = tableOf([sqsQueue, pubsubQueue]);

/** A queue of events, as configured. */
export const QueueConfig = KINDS.schema;
export type QueueConfig = z.output<typeof QueueConfig>;

/** A queue, and the only source whose repositories its events may mean. */
export interface SourcedQueue {
  readonly queue: EventQueue;
  readonly source?: string;
}

/** The queues of a configuration. */
export function makeQueues(configs: readonly QueueConfig[], around: QueueContext): readonly SourcedQueue[] {
  return configs.map((config) => ({
    queue: KINDS.make(config, around),
    ...(config.source === undefined ? {} : { source: config.source }),
  }));
}
