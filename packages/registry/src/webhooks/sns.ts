import { z } from "zod";
import { ConfigurationError } from "@executor-registry/resolver";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { boundedFetch } from "../net/bounded-fetch.ts";
import { parseBody } from "./body.ts";
import { InvalidWebhookError, UnauthorizedWebhookError, WebhookUnavailableError } from "./errors.ts";
import { parseEventBridge } from "./eventbridge.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { webhookKind, type WebhookContext } from "./kind.ts";
import { header } from "./proof.ts";
import { senderSettings } from "../settings/kinds.ts";
import { createSnsCertificates } from "./sns-certificates.ts";
import { isSignedBy, SnsEnvelope, snsUrl } from "./sns-envelope.ts";

/** Anybody may make a topic whose messages Amazon signs: those that may send are named. */
const SnsSettings = z.strictObject({
  ...senderSettings,
  kind: z.literal("sns"),
  topics: z.array(z.string().min(1)).min(1).meta({ description: "ARNs of the topics that may send" }),
});

/** SNS tries for an hour; some minutes more for clocks. */
const MAX_AGE_MS = 65 * 60_000;
const MAX_AHEAD_MS = 5 * 60_000;
const CONFIRMATION = { bytes: 64 << 10, time: 5000 };

/**
 * Amazon ECR's events through EventBridge and an SNS topic. The topic must sign with version 2 (attribute `SignatureVersion`) and
 * deliver its messages in their envelope. A subscription of an allowed topic is confirmed.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export const snsWebhook = webhookKind({ schema: SnsSettings, make: createSnsReceiver });

function createSnsReceiver(
  { topics }: z.output<typeof SnsSettings>,
  { fetch = proxiedFetch(), clock }: WebhookContext,
): WebhookReceiver {
  const kind = "sns";
  const allowed = new Set(topics);
  if (allowed.size === 0) throw new ConfigurationError(`${kind} webhook: name at least one topic's ARN`);
  const certificates = createSnsCertificates(kind, fetch, clock);

  async function prove(envelope: SnsEnvelope, signal: AbortSignal): Promise<void> {
    const refuse = (why: string): never => {
      throw new UnauthorizedWebhookError(kind, why);
    };
    if (!allowed.has(envelope.TopicArn)) refuse("TopicArn is not one of the configured topics");
    if (envelope.SignatureVersion !== "2") {
      refuse("SignatureVersion is not 2. Set the topic's attribute SignatureVersion to 2");
    }
    const age = clock.now() - Date.parse(envelope.Timestamp);
    if (!(age < MAX_AGE_MS && age > -MAX_AHEAD_MS)) refuse("Timestamp is too old, in the future, or none");
    const url = snsUrl(envelope.SigningCertURL, envelope.TopicArn);
    const key = url ? await certificates.key(url, signal) : refuse("SigningCertURL is not on SNS's host");
    if (!isSignedBy(key, envelope)) refuse("the signature is not the message's");
  }

  async function confirm(envelope: SnsEnvelope, signal: AbortSignal): Promise<void> {
    const url = snsUrl(envelope.SubscribeURL, envelope.TopicArn);
    if (url?.searchParams.get("Action") !== "ConfirmSubscription") {
      throw new InvalidWebhookError(kind, "SubscribeURL", "is no confirmation on SNS's host");
    }
    try {
      await boundedFetch(fetch, url, CONFIRMATION, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new WebhookUnavailableError(kind, "the subscription cannot be confirmed now", { cause });
    }
  }

  return {
    kind,
    async receive(request, signal) {
      if (header(request, "x-amz-sns-rawdelivery") !== undefined) {
        throw new UnauthorizedWebhookError(kind, "raw delivery has no signature. Turn it off for the subscription");
      }
      const envelope = parseBody(kind, SnsEnvelope, request.body);
      await prove(envelope, signal);
      const { Type, MessageId: delivery, Message } = envelope;
      if (Type === "SubscriptionConfirmation") await confirm(envelope, signal);
      if (Type !== "Notification") return { status: 202, hints: [], delivery };
      const { hints } = parseEventBridge(kind, parseBody(kind, z.unknown(), Message), "Message");
      return { status: 202, hints, delivery };
    },
  };
}
