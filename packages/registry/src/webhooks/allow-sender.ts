import { InvalidWebhookError } from "./errors.ts";
import type { WebhookAnswer, WebhookRequest } from "../scan/hint.ts";
import { header } from "./proof.ts";

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
