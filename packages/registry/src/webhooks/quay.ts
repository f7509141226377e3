import { z } from "zod";
import { parseBody } from "./body.ts";
import type { WebhookReceiver } from "./hint.ts";
import { makeHint } from "./make-hint.ts";
import { createProofCheck, type PathProof } from "./proof.ts";
import { registryOf } from "./registry-of.ts";

const Body = z.object({
  repository: z.string(),
  docker_url: z.string().default(""),
  updated_tags: z.array(z.string()).default([]),
});

/**
 * Quay's "Push to Repository" notifications, which carry neither a proof nor a digest.
 * @see https://docs.quay.io/guides/notifications.html
 */
export function createQuayReceiver(proof: PathProof): WebhookReceiver {
  const kind = "quay";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const { repository, docker_url: url, updated_tags: tags } = parseBody(kind, Body, request.body);
      const claim = { action: "pushed", registry: registryOf(url), repository } as const;
      // A notification without tags still says that something was pushed.
      const hints = (tags.length > 0 ? tags : [""]).map((tag) => makeHint(kind, "repository", { ...claim, tag }));
      return { status: 202, hints };
    },
  };
}
