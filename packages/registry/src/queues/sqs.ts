import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { systemClock, type ErrorCode } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { parseBody } from "../webhooks/body.ts";
import { parseEventBridge } from "../webhooks/eventbridge.ts";
import type { Hint } from "../model/hint.ts";
import { QueueError } from "./errors.ts";
import { createPump, type QueueMessage, type QueueOptions, type QueueTransport } from "./pump.ts";
import { proxiesOf } from "../net/proxies.ts";
import { type EventQueue, queueKind } from "./queue.ts";
import { senderSettings } from "../settings/kinds.ts";

/** A queue that an EventBridge rule sends to. */
export const sqsQueue = queueKind({
  schema: z.strictObject({
    ...senderSettings,
    kind: z.literal("sqs"),
    queueUrl: z.url({ protocol: /^https?$/ }),
    region: z.string().min(1).optional().meta({ description: "Needed where the URL does not contain it" }),
  }),
  make: ({ name, queueUrl, region }, around) =>
    createSqsQueue({ name, queueUrl, ...(region === undefined ? {} : { region }), ...around }),
});

/** Where Amazon ECR's events wait. */
interface SqsQueueOptions extends QueueOptions {
  readonly queueUrl: string;
  /** @default the URL's, else the environment's */
  readonly region?: string;
  /** @default one with the default chain of credentials, made and ended with each run */
  readonly client?: SQSClient;
}

/** Seconds, the longest that SQS offers. */
const LONG_POLL_S = 20;
const MAX_MESSAGES = 10;
/** Milliseconds for a call, its answer's body and the credentials included: the SDK's own limits end with the head. */
const LIMIT_MS = 90_000;

/**
 * Amazon ECR's events, sent by an EventBridge rule to an SQS queue, directly or through an SNS topic. A message is invisible to others
 * for the queue's own visibility timeout while its hints are handed over.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
 * @internal its client is a parameter for tests
 */
export function createSqsQueue(options: SqsQueueOptions): EventQueue {
  return createPump(options, () => openSqs(options));
}

async function openSqs(options: SqsQueueOptions): Promise<QueueTransport> {
  const { name, queueUrl, region, client: given } = options;
  const { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const where = region ?? /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(queueUrl)?.[1];
  const client =
    given ??
    new SQSClient({
      ...(where !== undefined && { region: where }),
      // A connection that died silently would else be waited on for ever.
      requestHandler: {
        connectionTimeout: 5000,
        requestTimeout: (LONG_POLL_S + 10) * 1000,
        throwOnRequestTimeout: true,
        ...proxiesOf().agents(),
      },
    });
  const late = (): QueueError => new QueueError("timeout", name, `SQS did not answer within ${LIMIT_MS / 1000} s`);
  const inWords = (error: unknown): never => {
    throw sqsError(name, queueUrl, error);
  };
  return {
    async receive(signal) {
      const ask = { QueueUrl: queueUrl, MaxNumberOfMessages: MAX_MESSAGES, WaitTimeSeconds: LONG_POLL_S };
      const { Messages = [] } = await withTimeLimit({ clock: systemClock, ms: LIMIT_MS, signal, late }, (abortSignal) =>
        client.send(new ReceiveMessageCommand(ask), { abortSignal }),
      ).catch(inWords);
      return Messages.map(toMessage);
    },
    async remove(messages, signal) {
      const Entries = messages.map(({ handle }, index) => ({ Id: String(index), ReceiptHandle: handle }));
      const { Failed = [] } = await withTimeLimit({ clock: systemClock, ms: LIMIT_MS, signal, late }, (abortSignal) =>
        client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal }),
      ).catch(inWords);
      // They come again, which costs a look at the registry.
      if (Failed.length > 0) throw new Error(`${Failed.length} messages could not be deleted: ${Failed[0]?.Code}`);
    },
    close() {
      if (given === undefined) client.destroy();
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
  [/Throttl|OverLimit|TooManyRequests/, "throttled", "SQS asks to be asked less often"],
];

function sqsError(queue: string, queueUrl: string, cause: unknown): unknown {
  if (cause instanceof QueueError || !(cause instanceof Error)) return cause;
  const [, code, why] = FAILURES.find(([name]) => name.test(cause.name)) ?? [
    undefined,
    "unreachable" as const,
    `SQS cannot be asked: ${cause.message}`,
  ];
  return new QueueError(code, queue, `${queueUrl}: ${why} (${cause.name})`, { cause });
}

function toMessage({ MessageId: id = "", ReceiptHandle: handle = "", Body: body = "" }: Message): QueueMessage {
  return { id, handle, parse: () => parseQueued(body) };
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
