import type { WebhookRequest } from "../../scan/hint.ts";

export const signal = new AbortController().signal;
export const DIGEST = `sha256:${"a1".repeat(32)}` as const;
export const OTHER = `sha256:${"b2".repeat(32)}` as const;

/** A POST of JSON, or of a text as it is. */
export function post(body: unknown, headers: WebhookRequest["headers"] = {}, pathToken?: string): WebhookRequest {
  return {
    method: "POST",
    headers,
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    ...(pathToken === undefined ? {} : { pathToken }),
  };
}
