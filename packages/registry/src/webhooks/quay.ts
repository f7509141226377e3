import { z } from "zod";
import { MAX_ITEMS, parseBody } from "./body.ts";
import { byPath, webhookKind } from "./kind.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint, registryOf } from "./make-hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

const Body = z.object({
  repository: z.string(),
  docker_url: z.string().nullish(),
  /** A list, in some versions an object keyed by tag, or null. */
  updated_tags: z.unknown().optional(),
});

function tagsOf(updated: unknown): readonly string[] {
  if (typeof updated !== "object" || updated === null) return [];
  const tags: readonly unknown[] = Array.isArray(updated) ? updated : Object.keys(updated);
  return tags.length > MAX_ITEMS ? [] : tags.filter((tag) => typeof tag === "string");
}

/**
 * Quay's "Push to Repository" notifications, which carry neither a proof nor a digest.
 * @see https://docs.quay.io/guides/notifications.html
 */
export const quayWebhook = webhookKind({ schema: byPath("quay"), make: createQuayReceiver });

function createQuayReceiver(proof: Proof): WebhookReceiver {
  const kind = "quay";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const { repository, docker_url: url, updated_tags: updated } = parseBody(kind, Body, request.body);
      const claim = { action: "pushed", registry: registryOf(url ?? ""), repository } as const;
      const tags = tagsOf(updated);
      // A notification without tags still says that something was pushed.
      const hints = (tags.length > 0 ? tags : [""]).map((tag) => makeHint(kind, "repository", { ...claim, tag }));
      return { status: 202, hints };
    },
  };
}
