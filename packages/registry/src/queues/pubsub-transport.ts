import { type Clock, systemClock } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { readBounded } from "../net/bounded-fetch.ts";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { retryAfter } from "../net/retry-after.ts";
import { artifactRegistryHints, PubsubMessage } from "../webhooks/artifact-registry-message.ts";
import { parseValue } from "../webhooks/body.ts";
import { QueueError } from "./errors.ts";
import type { QueueMessage, QueueTransport } from "./pump.ts";

/** Which subscription, and how it is asked. */
interface PubsubTransportOptions {
  /** As named in the configuration. */
  readonly name: string;
  readonly clock: Clock;
  /** `projects/PROJECT/subscriptions/NAME`, of a subscription to the topic `gcr`. */
  readonly subscription: string;
  /** An access token that allows to pull. Asked for before each request. */
  readonly token: () => Promise<string>;
  /** @default "https://pubsub.googleapis.com" */
  readonly endpoint?: string;
}

const MAX_MESSAGES = 100;
/** Artifact Registry's messages have less than a thousand. */
const MAX_ANSWER_BYTES = 16 << 20;
/** Google answers an empty pull after 90 seconds at most. */
const TIMEOUT_MS = 120_000;
/** Milliseconds after an empty pull: how long Google waits for messages is not specified. */
const IDLE_MS = 1000;

const Pulled = z.object({
  receivedMessages: z.array(z.object({ ackId: z.string(), message: z.unknown().optional() })).default([]),
});

/** What Pub/Sub itself says of a message. */
const Envelope = z.object({
  messageId: z.string(),
  publishTime: z.iso.datetime({ offset: true }).optional().catch(undefined),
});

/**
 * Pulls and acknowledges messages. What is not acknowledged within the subscription's deadline comes again.
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/pull
 */
export function pubsubTransport(options: PubsubTransportOptions): QueueTransport {
  const { name, subscription, clock } = options;
  // One for all calls: it keeps the connections to a proxy.
  const fetch = proxiedFetch();
  return {
    async receive(signal) {
      const parsed = Pulled.safeParse(await call({ ...options, fetch }, "pull", { maxMessages: MAX_MESSAGES }, signal));
      if (!parsed.success)
        throw new QueueError("unreachable", name, `the answer about ${subscription} is not one of Pub/Sub's`);
      const messages = parsed.data.receivedMessages;
      if (messages.length === 0) await clock.sleep(IDLE_MS, signal);
      return messages.map(({ ackId, message }) => toMessage(ackId, message));
    },
    async remove(messages, signal) {
      await call({ ...options, fetch }, "acknowledge", { ackIds: messages.map(({ handle }) => handle) }, signal);
    },
    close() {},
  };
}

function toMessage(handle: string, message: unknown): QueueMessage {
  const { messageId: id = "", publishTime } = Envelope.safeParse(message).data ?? {};
  const kind = "pubsub-pull";
  return {
    id,
    handle,
    ...(publishTime !== undefined && { sent: Date.parse(publishTime) }),
    parse: () => artifactRegistryHints(kind, parseValue(kind, PubsubMessage, message, "message")),
  };
}

const CODES = { 401: "unauthorized", 403: "forbidden", 404: "not-found", 429: "throttled" } as const;
const ADVICE: Readonly<Record<number, string>> = {
  401: "the access token is refused",
  403: "grant the service account roles/pubsub.subscriber on the subscription",
  404: "there is no such subscription",
};

async function call(
  options: PubsubTransportOptions & { readonly fetch: typeof fetch },
  method: "pull" | "acknowledge",
  body: object,
  signal: AbortSignal,
): Promise<unknown> {
  const { name, subscription, token, clock, fetch, endpoint = "https://pubsub.googleapis.com" } = options;
  const late = (): QueueError =>
    new QueueError("timeout", name, `no access token of Google's within ${TIMEOUT_MS / 1000} s`);
  try {
    const response = await fetch(`${endpoint}/v1/${subscription}:${method}`, {
      method: "POST",
      redirect: "error",
      headers: {
        authorization: `Bearer ${await withTimeLimit({ clock: systemClock, ms: TIMEOUT_MS, signal, late }, token)}`,
        "content-type": "application/json",
        "accept-encoding": "identity",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const answer = await readBounded(response, MAX_ANSWER_BYTES);
    const { status } = response;
    if (response.ok) return JSON.parse(answer.toString()) as unknown;
    const wait = retryAfter({ headers: Object.fromEntries(response.headers), body: answer }, clock.now());
    const code = status in CODES ? CODES[status as keyof typeof CODES] : "unreachable";
    const why = `${method} of ${subscription} answered ${status}${ADVICE[status] ? `: ${ADVICE[status]}` : ""}`;
    throw new QueueError(code, name, why, { status, ...(wait !== undefined && { retryAfter: wait }) });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof QueueError) throw cause;
    throw new QueueError("unreachable", name, `${method} of ${subscription} failed`, { cause });
  }
}
