import type { Message, ReceiveMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { systemClock, type ErrorCode } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import { z } from "zod";
import type { Hint } from "../model/hint.ts";
import { parseBody } from "../webhooks/body.ts";
import { parseEventBridge } from "../webhooks/eventbridge.ts";
import { QueueError } from "./errors.ts";
import type { QueueMessage, QueueTransport } from "./pump.ts";

/** Which queue, and who asks it. */
interface SqsTransportOptions {
  /** As named in the configuration. */
  readonly name: string;
  readonly queueUrl: string;
  /** Ended when the transport is closed. */
  readonly client: SQSClient;
}

/** Seconds, the longest that SQS offers. */
export const LONG_POLL_S = 20;
const MAX_MESSAGES = 10;
/** Milliseconds for a call, its answer's body and the credentials included: the SDK's own limits end with the head. */
const LIMIT_MS = 90_000;

/** Receives and deletes messages. A message is invisible to others for the queue's own visibility timeout while its hints are handed over. */
export async function sqsTransport({ name, queueUrl, client }: SqsTransportOptions): Promise<QueueTransport> {
  const { DeleteMessageBatchCommand, ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
  const late = (): QueueError => new QueueError("timeout", name, `SQS did not answer within ${LIMIT_MS / 1000} s`);
  const explain = (error: unknown): never => {
    throw sqsError(name, queueUrl, error);
  };
  return {
    async receive(signal) {
      const ask: ReceiveMessageCommandInput = {
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MAX_MESSAGES,
        WaitTimeSeconds: LONG_POLL_S,
        MessageSystemAttributeNames: ["SentTimestamp"],
      };
      const { Messages = [] } = await withTimeLimit({ clock: systemClock, ms: LIMIT_MS, signal, late }, (abortSignal) =>
        client.send(new ReceiveMessageCommand(ask), { abortSignal }),
      ).catch(explain);
      return Messages.map(toMessage);
    },
    async remove(messages, signal) {
      const Entries = messages.map(({ handle }, index) => ({ Id: String(index), ReceiptHandle: handle }));
      const { Failed = [] } = await withTimeLimit({ clock: systemClock, ms: LIMIT_MS, signal, late }, (abortSignal) =>
        client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal }),
      ).catch(explain);
      // They come again, which costs a look at the registry.
      if (Failed.length > 0) throw new Error(`${Failed.length} messages could not be deleted: ${Failed[0]?.Code}`);
    },
    close() {
      client.destroy();
    },
  };
}

/** What SQS, or the SDK before it asks, calls what is wrong; what that is, and what to do. */
const FAILURES: readonly (readonly [name: RegExp, code: ErrorCode, why: string])[] = [
  [
    /AccessDenied|NotAuthorized|KmsAccessDenied/,
    "forbidden",
    "access is denied: allow sqs:ReceiveMessage and sqs:DeleteMessage on the queue",
  ],
  [/NonExistentQueue|QueueDoesNotExist/, "not-found", "there is no such queue: compare queueUrl and region"],
  [
    /CredentialsProviderError|InvalidClientTokenId|UnrecognizedClient|ExpiredToken|InvalidAccessKeyId|SignatureDoesNotMatch/,
    "unauthorized",
    "there are no AWS credentials, or they are refused: give the pod a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  [/Throttl|OverLimit|TooManyRequests/, "throttled", "SQS limits how often it may be asked"],
];

function sqsError(queue: string, queueUrl: string, cause: unknown): unknown {
  if (cause instanceof QueueError || !(cause instanceof Error)) return cause;
  const [, code, why] = FAILURES.find(([name]) => name.test(cause.name)) ?? [
    undefined,
    "unreachable" as const,
    `the request to SQS failed: ${cause.message}`,
  ];
  return new QueueError(code, queue, `${queueUrl}: ${why} (${cause.name})`, { cause });
}

function toMessage({
  MessageId: id = "",
  ReceiptHandle: handle = "",
  Body: body = "",
  Attributes: { SentTimestamp } = {},
}: Message): QueueMessage {
  const sent = Number(SentTimestamp);
  return { id, handle, ...(Number.isFinite(sent) && { sent }), parse: () => parseQueued(body) };
}

const SnsNotification = z.object({ Type: z.literal("Notification"), Message: z.string() });

/** Only senders that the queue's policy allows can send here: an SNS envelope's signature would prove nothing more. */
function parseQueued(body: string): readonly Hint[] {
  const kind = "sqs";
  const event = parseBody(kind, z.unknown(), body);
  const envelope = SnsNotification.safeParse(event);
  if (!envelope.success) return parseEventBridge(kind, event, "").hints;
  return parseEventBridge(kind, parseBody(kind, z.unknown(), envelope.data.Message), "Message").hints;
}
