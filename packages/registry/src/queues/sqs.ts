import type { SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { proxiesOf } from "../net/proxies.ts";
import { senderSettings } from "../settings/kinds.ts";
import { createPump } from "./pump.ts";
import { queueKind } from "./queue.ts";
import { LONG_POLL_S, sqsTransport } from "./sqs-transport.ts";

/**
 * A queue that an EventBridge rule sends Amazon ECR's events to, directly or through an SNS topic.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
 */
export const sqsQueue = queueKind({
  schema: z.strictObject({
    ...senderSettings,
    kind: z.literal("sqs"),
    queueUrl: z.url({ protocol: /^https?$/ }),
    region: z.string().min(1).optional().meta({ description: "Needed where the URL does not contain it" }),
  }),
  make: ({ name, queueUrl, region }, around) =>
    createPump({ name, ...around }, async () =>
      sqsTransport({ name, queueUrl, client: await openClient(queueUrl, region) }),
    ),
});

/** A client with the default chain of credentials. @param region default: the URL's, else the environment's */
async function openClient(queueUrl: string, region: string | undefined): Promise<SQSClient> {
  const { SQSClient } = await import("@aws-sdk/client-sqs");
  const where = region ?? /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(queueUrl)?.[1];
  return new SQSClient({
    ...(where !== undefined && { region: where }),
    // Without these limits, a request on a lost connection would never end.
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: (LONG_POLL_S + 10) * 1000,
      throwOnRequestTimeout: true,
      ...proxiesOf().agents(),
    },
  });
}
