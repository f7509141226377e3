import { z } from "zod";
import { listOf, parseBody, parseValue } from "./body.ts";
import { isCloudEvent, parseCloudEvents } from "./cloud-event.ts";
import { deliveryOf } from "./deliveries.ts";
import { byHeadersOrPath, webhookKind } from "./kind.ts";
import type { Hint } from "../model/hint.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { makeHint, registryOf } from "./make-hint.ts";
import { createProofCheck, type Proof } from "./proof.ts";

const Body = z.object({ type: z.string(), event_data: z.unknown().optional() });

const EventData = z.object({
  resources: listOf(
    z.object({
      digest: z.string().optional(),
      tag: z.string().optional(),
      resource_url: z.string().optional(),
    }),
  ),
  repository: z.object({ repo_full_name: z.string() }),
});

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["PUSH_ARTIFACT", "pushed"],
  ["DELETE_ARTIFACT", "deleted"],
  ["SCANNING_COMPLETED", "scanned"],
  ["harbor.artifact.pushed", "pushed"],
  ["harbor.artifact.deleted", "deleted"],
  ["harbor.scan.completed", "scanned"],
]);

/**
 * Harbor's webhooks, in both formats that it can send. The "auth header" of its policy is the whole value of
 * `Authorization`: Harbor puts no `Bearer` before it.
 * @see https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
 */
export const harborWebhook = webhookKind({ schema: byHeadersOrPath("harbor"), make: createHarborReceiver });

function createHarborReceiver(proof: Proof): WebhookReceiver {
  const kind = "harbor";
  const check = createProofCheck(kind, proof);
  return {
    kind,
    async receive(request) {
      check(request);
      if (isCloudEvent(request)) {
        const events = parseCloudEvents(kind, request);
        const hints = events.flatMap(({ type, data, path }) => harborHints(kind, type, data, path));
        return { status: 202, hints, ...deliveryOf(events.map(({ id }) => id)) };
      }
      const { type, event_data } = parseBody(kind, Body, request.body);
      return { status: 202, hints: harborHints(kind, type, event_data, "event_data") };
    },
  };
}

/**
 * The hints of Harbor's event, in either format.
 * @param data of PUSH_ARTIFACT and the like
 * @param path where `data` stands in the body
 */
export function harborHints(kind: string, type: string, data: unknown, path: string): readonly Hint[] {
  const action = ACTIONS.get(type);
  if (action === undefined) return [];
  const { resources, repository } = parseValue(kind, EventData, data, path);
  return resources.map(({ tag, digest, resource_url: url = "" }) =>
    makeHint(kind, `${path}.repository.repo_full_name`, {
      action,
      registry: registryOf(url),
      repository: repository.repo_full_name,
      // Holds the digest where the push had no tag.
      tag,
      digest,
    }),
  );
}
