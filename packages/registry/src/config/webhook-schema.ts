import { z } from "zod";
import { SHORTEST_PATH_TOKEN } from "../webhooks/proof.ts";
import { Secret } from "./secret.ts";

const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and dashes");
const place = {
  name: Name,
  source: Name.optional().meta({
    description: "The only source whose repositories its events may mean; any source when absent",
  }),
};

const headers = z
  .record(z.string().min(1), Secret)
  .refine((names) => Object.keys(names).length > 0, { error: "expected at least one header" })
  .meta({ description: "Header and value, as the sender was told to send them" });
const pathToken = Secret.refine((token) => token.length >= SHORTEST_PATH_TOKEN, {
  error: `expected ${SHORTEST_PATH_TOKEN} characters or more: it is all that the sender shows`,
}).meta({ title: "secret", description: "The sender's URL is `/webhooks/{name}/{pathToken}`" });

/** The mistake, unless exactly one way of showing who one is was chosen. */
const oneOf =
  (...ways: readonly string[]) =>
  (config: object, context: z.RefinementCtx): void => {
    if (ways.filter((way) => (config as Record<string, unknown>)[way] !== undefined).length === 1) return;
    context.addIssue({
      code: "custom",
      message: `expected exactly one of ${ways.join(", ")}: how the sender shows who it is`,
    });
  };

const ByPath = z.strictObject({ ...place, kind: z.enum(["quay", "docker-hub"]), pathToken });
const ByHeader = z.strictObject({ ...place, kind: z.literal("ecr"), headers });
const ByEither = z
  .strictObject({
    ...place,
    kind: z.enum(["harbor", "acr", "event-grid"]),
    headers: headers.optional(),
    pathToken: pathToken.optional(),
  })
  .superRefine(oneOf("headers", "pathToken"));
const ByAny = z
  .strictObject({
    ...place,
    kind: z.enum(["distribution", "zot", "cloudevents"]),
    headers: headers.optional(),
    pathToken: pathToken.optional(),
    unauthenticated: z.literal(true).optional().meta({
      description: "Anybody may send: for networks where nobody else can reach the service",
    }),
  })
  .superRefine(oneOf("headers", "pathToken", "unauthenticated"));
const Signed = z.strictObject({
  ...place,
  kind: z.enum(["ghcr", "jfrog"]),
  secret: Secret.meta({ title: "secret", description: "What the sender signs with" }),
});
const Sns = z.strictObject({
  ...place,
  kind: z.literal("sns"),
  topics: z.array(z.string().min(1)).min(1).meta({ description: "ARNs of the topics that may send" }),
});
const Pubsub = z.strictObject({
  ...place,
  kind: z.literal("pubsub"),
  audience: z.string().min(1).meta({ description: "As in the push subscription" }),
  email: z.email().meta({ description: "The service account of the push subscription" }),
});

/** Where events of one sender come in. */
export const WebhookConfig = z.discriminatedUnion("kind", [ByPath, ByHeader, ByEither, ByAny, Signed, Sns, Pubsub]);
export type WebhookConfig = z.infer<typeof WebhookConfig>;

const Sqs = z.strictObject({
  ...place,
  kind: z.literal("sqs"),
  queueUrl: z.url({ protocol: /^https?$/ }),
  region: z.string().min(1).optional().meta({ description: "When it is not told by the URL" }),
});
const PubsubPull = z.strictObject({
  ...place,
  kind: z.literal("pubsub"),
  subscription: z
    .string()
    .regex(/^projects\/[^/]+\/subscriptions\/[^/]+$/, "expected projects/PROJECT/subscriptions/NAME"),
});

/** A queue of events that is asked, so that nobody has to reach the service. */
export const QueueConfig = z.discriminatedUnion("kind", [Sqs, PubsubPull]);
export type QueueConfig = z.infer<typeof QueueConfig>;
