import { z } from "zod";
import { Secret } from "./secret.ts";

const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and dashes");
const place = {
  /** Its URL is `/webhooks/{name}`. */
  name: Name,
  /** The only source whose repositories its events may mean. */
  source: Name.optional(),
};

/** Header → value, as the sender was told to send them. */
const headers = z.record(z.string().min(1), Secret);
/** The sender's URL is `/webhooks/{name}/{pathToken}`. */
const pathToken = Secret;

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
    /** Anybody may send: for networks where nobody else can reach the service. */
    unauthenticated: z.literal(true).optional(),
  })
  .superRefine(oneOf("headers", "pathToken", "unauthenticated"));
const Signed = z.strictObject({ ...place, kind: z.enum(["ghcr", "jfrog"]), secret: Secret });
const Sns = z.strictObject({ ...place, kind: z.literal("sns"), topics: z.array(z.string().min(1)).min(1) });
const Pubsub = z.strictObject({
  ...place,
  kind: z.literal("pubsub"),
  audience: z.string().min(1),
  email: z.email(),
});

/** Where events of one sender come in. */
export const WebhookConfig = z.discriminatedUnion("kind", [ByPath, ByHeader, ByEither, ByAny, Signed, Sns, Pubsub]);
export type WebhookConfig = z.infer<typeof WebhookConfig>;

const Sqs = z.strictObject({
  ...place,
  kind: z.literal("sqs"),
  queueUrl: z.url({ protocol: /^https?$/ }),
  region: z.string().min(1).optional(),
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
