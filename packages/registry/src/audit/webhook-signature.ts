import { createHmac } from "node:crypto";
import { secretThat } from "../settings/secret.ts";

const FORM = /^whsec_([A-Za-z0-9+/]+=*)$/;
/** Bytes of a secret, by the specification. */
const [LEAST, MOST] = [24, 64];

const bytesOf = (secret: string): Buffer => Buffer.from(FORM.exec(secret)?.[1] ?? "", "base64");

/** What webhooks are signed with. */
export const WebhookSecret = secretThat(
  (secret) => bytesOf(secret).length >= LEAST && bytesOf(secret).length <= MOST,
  `expected whsec_ and ${LEAST} to ${MOST} bytes in base64: echo "whsec_$(openssl rand -base64 32)"`,
).meta({ description: "Signs each request as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64" });

/**
 * The headers that let a receiver prove who sent a body, and that it was sent now.
 * @param id the same each time that the same is sent: no dot is in it
 * @param now milliseconds since the Unix epoch
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookHeaders(
  secret: string,
  id: string,
  body: string,
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac("sha256", bytesOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
