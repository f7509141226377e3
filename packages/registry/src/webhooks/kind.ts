import type { Clock } from "@executor-registry/resolver";
import { z } from "zod";
import { type Kind, type KindSchema, senderSettings } from "../settings/kinds.ts";
import { Secret } from "../settings/secret.ts";
import { MIN_PATH_TOKEN_CHARS } from "./proof.ts";
import type { WebhookReceiver } from "./webhook.ts";

/** What receivers are given besides their settings. */
export interface WebhookContext {
  readonly clock: Clock;
  /** Reads certificates and keys. @default through the environment's proxies */
  readonly fetch?: typeof globalThis.fetch;
}

/** One kind of sender: its settings, and what understands it. */
export const webhookKind = <Schema extends KindSchema>(
  kind: Kind<Schema, WebhookContext, WebhookReceiver>,
): Kind<Schema, WebhookContext, WebhookReceiver> => kind;

const headers = z
  .record(z.string().min(1), Secret)
  .refine((names) => Object.keys(names).length > 0, { error: "expected at least one header" })
  .meta({ description: "Header and value, as the sender is set up to send them" });
const pathToken = Secret.refine((token) => token.length >= MIN_PATH_TOKEN_CHARS, {
  error: `expected ${MIN_PATH_TOKEN_CHARS} characters or more: it is the only proof of the sender`,
}).meta({ title: "secret", description: "The sender's URL is `/webhooks/{name}/{pathToken}`" });
const secret = Secret.meta({ title: "secret", description: "What the sender signs with" });

/** The settings of a kind whose sender shows a secret header. */
export const byHeaders = <const Name extends string>(kind: Name) =>
  z.strictObject({ ...senderSettings, kind: z.literal(kind), headers });

/** Of one that can send no header of its own. */
export const byPath = <const Name extends string>(kind: Name) =>
  z.strictObject({ ...senderSettings, kind: z.literal(kind), pathToken });

/** Of one that signs. */
export const bySecret = <const Name extends string>(kind: Name) =>
  z.strictObject({ ...senderSettings, kind: z.literal(kind), secret });

const either = { headers: headers.optional(), pathToken: pathToken.optional() };

export const byHeadersOrPath = <const Name extends string>(kind: Name) =>
  z
    .strictObject({ ...senderSettings, kind: z.literal(kind), ...either })
    .superRefine(exactlyOne("headers", "pathToken"));

/** Of one that may run on a network where no other sender can reach the service. */
export const byAnyProof = <const Name extends string>(kind: Name) =>
  z
    .strictObject({
      ...senderSettings,
      kind: z.literal(kind),
      ...either,
      unauthenticated: z.literal(true).optional().meta({
        description: "Any sender is accepted: for networks where only the sender can reach the service",
      }),
    })
    .superRefine(exactlyOne("headers", "pathToken", "unauthenticated"));

/** The mistake, unless exactly one way of showing who one is was chosen. */
function exactlyOne(...ways: readonly string[]) {
  return (config: object, context: z.RefinementCtx): void => {
    if (ways.filter((way) => (config as Record<string, unknown>)[way] !== undefined).length === 1) return;
    context.addIssue({
      code: "custom",
      message: `expected exactly one of ${ways.join(", ")}: how the sender shows who it is`,
    });
  };
}
