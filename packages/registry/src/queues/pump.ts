import { type Clock, type Logger, type Random, silentLogger, systemClock } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { InvalidWebhookError } from "../webhooks/errors.ts";
import type { Hint } from "../model/hint.ts";
import { QueueError } from "./errors.ts";
import type { EventQueue, OnHints } from "./queue.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** A message as the queue gave it. */
export interface QueueMessage {
  readonly id: string;
  /** By which it is removed. */
  readonly handle: string;
  /** When it was sent, where the queue says so. Milliseconds since the Unix epoch. */
  readonly sent?: number;
  /** @throws InvalidWebhookError when it is no event */
  parse(): readonly Hint[];
}

/** How to speak to a queue. */
export interface QueueTransport {
  /** Waits for messages, for a while. Those that are not removed come again. */
  receive(signal: AbortSignal): Promise<readonly QueueMessage[]>;
  remove(messages: readonly QueueMessage[], signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What all queues need besides their transport. */
export interface QueueOptions {
  /** As named in the configuration. */
  readonly name: string;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  /** @default silent */
  readonly log?: Logger;
}

const MAX_PAUSE_MS = 60_000;
/** The longest pause that a queue can ask for. */
const MAX_ASKED_PAUSE_MS = 15 * 60_000;

/** Moves messages from a queue to the taker of hints. @param open called at each run */
export function createPump(options: QueueOptions, open: () => Promise<QueueTransport>): EventQueue {
  const { name, clock = systemClock, random = Math.random, log = silentLogger } = options;
  let poisoned = 0;
  let failing = false;
  let lag: number | undefined;
  /** The last failure that was in the log as a warning. */
  let warned: string | undefined;

  async function move(transport: QueueTransport, onHints: OnHints, signal: AbortSignal): Promise<void> {
    const messages = await transport.receive(signal);
    const sent = messages.flatMap((message) => message.sent ?? []);
    lag = messages.length === 0 ? 0 : sent.length === 0 ? undefined : Math.max(0, clock.now() - Math.min(...sent));
    if (messages.length === 0) return;
    const hints: Hint[] = [];
    const poison: { readonly messageId: string; readonly error: InvalidWebhookError }[] = [];
    for (const message of messages) {
      try {
        hints.push(...message.parse());
      } catch (error) {
        if (!(error instanceof InvalidWebhookError)) throw error;
        poison.push({ messageId: message.id, error });
      }
    }
    if (hints.length > 0) await onHints(hints);
    // Poison too. It would only come again, and an unreadable hint is no loss.
    await transport.remove(messages, signal);
    poisoned += poison.length;
    for (const { messageId, error } of poison)
      log.warn({ queue: name, poisoned, messageId, ...problemFields(error) }, "removed a message that is no event");
  }

  async function pause(failures: number, error: unknown, signal: AbortSignal): Promise<void> {
    const asked = error instanceof QueueError ? (error.retryAfter ?? 0) : 0;
    const own = backoff(failures - 1, random, MAX_PAUSE_MS);
    const ms = Math.round(Math.max(own, Math.min(asked, MAX_ASKED_PAUSE_MS)));
    // Once while it stays the same: a queue without credentials fails every minute.
    const same = warned === String(error);
    warned = String(error);
    log[same ? "debug" : "warn"](
      { queue: name, ...problemFields(error), failures, ms },
      "the queue's events cannot be taken now, trying again",
    );
    try {
      await clock.sleep(ms, signal);
    } catch {
      // Aborted, which the loop sees.
    }
  }

  return {
    name,
    get poisoned() {
      return poisoned;
    },
    get failing() {
      return failing;
    },
    get lag() {
      return lag;
    },
    async run(onHints, signal) {
      let transport: QueueTransport | undefined;
      let failures = 0;
      try {
        while (!signal.aborted) {
          try {
            transport ??= await open();
            await move(transport, onHints, signal);
            if (failing) log.info({ queue: name }, "the queue's events are taken again");
            failures = 0;
            failing = false;
            warned = undefined;
          } catch (error) {
            if (signal.aborted) break;
            failing = true;
            await pause(++failures, error, signal);
          }
        }
      } finally {
        transport?.close();
      }
    },
  };
}
