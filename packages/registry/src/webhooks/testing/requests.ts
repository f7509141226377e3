import { systemClock } from "@executor-registry/resolver";
import type { WebhookContext } from "../kind.ts";
import { makeWebhooks, type WebhookConfig } from "../kinds.ts";
import type { WebhookReceiver, WebhookRequest } from "../webhook.ts";

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

const NOWHERE: WebhookContext = {
  clock: systemClock,
  fetch: () => Promise.reject(new TypeError("no network here")),
};

/** A receiver of one kind with these settings. */
export function receiverOf<C extends { readonly name: string; readonly kind: string }>(
  kind: { make(config: C, around: WebhookContext): WebhookReceiver },
  settings: Omit<C, "name" | "kind">,
  around: Partial<WebhookContext> = {},
): WebhookReceiver {
  return kind.make({ name: "events", kind: "", ...settings } as unknown as C, { ...NOWHERE, ...around });
}

/** The receiver of a service with this webhook. */
export function configured(config: WebhookConfig): WebhookReceiver {
  const webhook = makeWebhooks([config], NOWHERE).get(config.name);
  if (webhook === undefined) throw new Error(`there is no webhook ${config.name}`);
  return webhook.receiver;
}
