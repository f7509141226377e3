import { z } from "zod";
import type { Entry } from "../journal/entry.ts";
import { Name } from "../settings/kinds.ts";
import { Secret } from "../settings/secret.ts";
import { DeliveryError } from "./delivery-error.ts";
import { forwardKind, linesOf } from "./forward-kind.ts";
import { post } from "./post.ts";
import { webhookHeaders, WebhookSecret } from "./webhook-signature.ts";

/** A server that takes NDJSON, as collectors of logs do. */
export const httpForward = forwardKind({
  schema: z.strictObject({
    name: Name,
    kind: z.literal("http"),
    url: z
      .url({ protocol: /^https?$/ })
      .meta({ description: "Entries are posted there as NDJSON, about 2 MiB at most" }),
    token: Secret.optional().meta({ description: "Sent as `Authorization: Bearer …`" }),
    secret: WebhookSecret.optional(),
  }),
  make: ({ url: text, token, secret }, { fetch, clock }) => {
    const url = new URL(text);
    const send = async (entries: readonly Entry[], signal: AbortSignal): Promise<void> => {
      const body = linesOf(entries);
      const id = `${entries[0]?.sequence}-${entries.at(-1)?.hash}`;
      const headers = {
        "content-type": "application/x-ndjson",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(secret !== undefined && webhookHeaders(secret, id, body, clock.now())),
      };
      try {
        await post({ url, headers, body }, { fetch, clock }, signal);
      } catch (error) {
        const tooLarge = error instanceof DeliveryError && error.status === 413;
        if (!tooLarge || entries.length < 2) throw error;
        const half = entries.length >> 1;
        await send(entries.slice(0, half), signal);
        await send(entries.slice(half), signal);
      }
    };
    return { kind: "http", most: 500, deliver: send };
  },
});
