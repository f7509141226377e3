import { verify, type KeyObject } from "node:crypto";
import { z } from "zod";

/**
 * What SNS posts. Subscription and signature are checked later: without them it is unproven rather than malformed.
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
 */
export const SnsEnvelope = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().min(1),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().nullish(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
  SignatureVersion: z.string().optional(),
  Signature: z.string().optional(),
  SigningCertURL: z.string().optional(),
});
export type SnsEnvelope = z.output<typeof SnsEnvelope>;

const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const;
const CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const;

/**
 * The text that the signature covers: these members' names and values, a line each, where there is one.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
 */
function signedText(envelope: SnsEnvelope): string {
  const keys = envelope.Type === "Notification" ? NOTIFICATION : CONFIRMATION;
  return keys.map((key) => (envelope[key] == null ? "" : `${key}\n${envelope[key]}\n`)).join("");
}

/** Whether the envelope was signed with the key, by version 2: RSA with SHA-256. */
export function isSignedBy(key: KeyObject, envelope: SnsEnvelope): boolean {
  const signature = Buffer.from(envelope.Signature ?? "", "base64");
  return verify("RSA-SHA256", Buffer.from(signedText(envelope)), key, signature);
}

/** An https URL on SNS's own host in the topic's region, with no more than that. */
export function snsUrl(text: string | undefined, topic: string): URL | undefined {
  const [, partition = "", region = ""] = /^arn:([a-z-]+):sns:([a-z0-9-]+):\d{12}:[\w.-]+$/.exec(topic) ?? [];
  const url = text !== undefined && region !== "" && URL.canParse(text) ? new URL(text) : undefined;
  const host = `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
  const plain = url?.username === "" && url.password === "" && url.port === "" && url.hash === "";
  return plain && url.protocol === "https:" && url.hostname === host ? url : undefined;
}
