import { z } from "zod";
import { parseBody } from "./body.ts";
import { byPath, webhookKind } from "./kind.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint } from "./make-hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

const Body = z.object({
  push_data: z.object({ tag: z.string().nullish() }),
  repository: z.object({ repo_name: z.string() }),
});

/**
 * Docker Hub's webhooks, which carry neither a proof nor a digest. Their `callback_url` is never called: anybody who
 * guessed the path could have this service call whom they like.
 * @see https://docs.docker.com/docker-hub/repos/manage/webhooks/
 */
export const dockerHubWebhook = webhookKind({ schema: byPath("docker-hub"), make: createDockerHubReceiver });

function createDockerHubReceiver(proof: Proof): WebhookReceiver {
  const kind = "docker-hub";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      const { push_data: push, repository } = parseBody(kind, Body, request.body);
      const claim = { action: "pushed", registry: "docker.io", repository: repository.repo_name } as const;
      return { status: 202, hints: [makeHint(kind, "repository.repo_name", { ...claim, tag: push.tag })] };
    },
  };
}
