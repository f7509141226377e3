import type { Clock, Logger, Random } from "@executor-registry/resolver";
import type { Hint } from "../model/hint.ts";
import type { Kind, KindSchema } from "../settings/kinds.ts";

/** Takes hints over. While it rejects, their messages stay in the queue and come again. */
export type OnHints = (hints: readonly Hint[]) => Promise<void>;

/** A queue of registry events, which the service asks: no sender has to reach it. One implementation per file, with its settings. */
export interface EventQueue {
  /** As named in the configuration. */
  readonly name: string;
  /** Messages that were no events, and were removed, so far. */
  readonly poisoned: number;
  /** The last attempt to take messages failed. */
  readonly failing: boolean;
  /**
   * Milliseconds that the oldest of the messages which were taken last had been in the queue; 0 where there were none, `undefined` before the
   * first answer, and where the queue does not say when a message was sent.
   */
  readonly lag: number | undefined;
  /**
   * Hands over what the queue holds and receives, until the signal aborts; then resolves. Rejects for nothing: what fails
   * is logged and tried again, with growing pauses.
   */
  run(onHints: OnHints, signal: AbortSignal): Promise<void>;
}

/** What queues are made with besides their settings. */
export interface QueueContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** One kind of queue: its settings, and what asks it. */
export const queueKind = <Schema extends KindSchema>(
  kind: Kind<Schema, QueueContext, EventQueue>,
): Kind<Schema, QueueContext, EventQueue> => kind;
