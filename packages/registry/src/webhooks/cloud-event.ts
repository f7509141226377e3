import { z } from "zod";
import { listOf, parseBody } from "./body.ts";
import { InvalidWebhookError } from "./errors.ts";
import type { WebhookAnswer, WebhookRequest } from "./webhook.ts";
import { header } from "./proof.ts";

/** The parts of a CloudEvent that say what it is about. */
export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject?: string | undefined;
  readonly data: unknown;
  /** Where `data` stands in the body: `data`, `3.data`, or empty where it is the body. */
  readonly path: string;
}

const Attribute = z.string().min(1);
const Envelope = z.object({
  specversion: z.literal("1.0"),
  id: Attribute,
  type: Attribute,
  source: Attribute,
  subject: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.base64().optional(),
});
const Event = z.union([listOf(Envelope).refine((events) => events.length > 0), Envelope], {
  error: "neither a CloudEvent 1.0 nor a list of such",
});

/** Whether a sender that also speaks otherwise means a CloudEvent. */
export function isCloudEvent(request: WebhookRequest): boolean {
  const type = header(request, "content-type")?.toLowerCase() ?? "";
  return type.startsWith("application/cloudevents") || header(request, "ce-type") !== undefined;
}

/**
 * CloudEvents 1.0 over HTTP: binary mode, structured mode, or a batch. Structured events are also taken where the
 * content type only says JSON, as EventBridge's API destinations do.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 * @throws InvalidWebhookError
 */
export function parseCloudEvents(kind: string, request: WebhookRequest): readonly CloudEvent[] {
  if (header(request, "ce-type") !== undefined) return [binary(kind, request)];
  const parsed = parseBody(kind, Event, request.body);
  if (!Array.isArray(parsed)) return [{ ...parsed, data: dataOf(kind, parsed), path: "data" }];
  return parsed.map((event, index) => ({ ...event, data: dataOf(kind, event), path: `${index}.data` }));
}

function binary(kind: string, request: WebhookRequest): CloudEvent {
  const attribute = (name: string): string => {
    const value = header(request, name);
    if (value === undefined || value === "") throw new InvalidWebhookError(kind, name, "is missing or empty");
    return value;
  };
  if (attribute("ce-specversion") !== "1.0") throw new InvalidWebhookError(kind, "ce-specversion", "is not 1.0");
  return {
    id: attribute("ce-id"),
    type: attribute("ce-type"),
    source: attribute("ce-source"),
    subject: header(request, "ce-subject"),
    data: request.body.length === 0 ? undefined : parseBody(kind, z.unknown(), request.body),
    path: "",
  };
}

function dataOf(kind: string, { data, data_base64: encoded }: z.output<typeof Envelope>): unknown {
  return encoded === undefined ? data : parseBody(kind, z.unknown(), Buffer.from(encoded, "base64"));
}

/**
 * Lets a sender of CloudEvents send, which asks before it does. Whether it may was decided by its proof.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
 * @throws InvalidWebhookError where the sender does not say who asks
 */
export function allowSender(kind: string, request: WebhookRequest): WebhookAnswer {
  const origin = header(request, "webhook-request-origin");
  if (origin === undefined || !/^[\w.:-]{1,255}$/.test(origin)) {
    throw new InvalidWebhookError(kind, "webhook-request-origin", "is missing or no host name");
  }
  const headers = { "webhook-allowed-origin": origin, "webhook-allowed-rate": "*" };
  return { status: 200, headers, hints: [] };
}
