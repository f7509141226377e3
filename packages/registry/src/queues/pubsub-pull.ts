import { z } from "zod";
import { senderSettings } from "../settings/kinds.ts";
import { defaultGoogleToken } from "../sources/google/google-token.ts";
import { pubsubTransport } from "./pubsub-transport.ts";
import { createPump } from "./pump.ts";
import { queueKind } from "./queue.ts";

/** A pull subscription to Google's topic `gcr`, to which Artifact Registry sends its events. */
export const pubsubQueue = queueKind({
  schema: z.strictObject({
    ...senderSettings,
    kind: z.literal("pubsub"),
    subscription: z
      .string()
      .regex(/^projects\/[^/]+\/subscriptions\/[^/]+$/, "expected projects/PROJECT/subscriptions/NAME"),
  }),
  make: ({ name, subscription }, around) =>
    createPump({ name, ...around }, async () =>
      pubsubTransport({ name, subscription, token: defaultGoogleToken("pubsub.googleapis.com"), clock: around.clock }),
    ),
});
