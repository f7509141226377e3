import { z } from "zod";
import { tryParseReference } from "@executor-registry/resolver";
import { parseBody } from "./body.ts";
import { InvalidWebhookError } from "./errors.ts";
import type { Hint } from "../model/hint.ts";
import { makeHint } from "./make-hint.ts";

/** A Pub/Sub message, as a push carries it and as a pull receives it. */
export const PubsubMessage = z.object({
  messageId: z.string().min(1),
  data: z.base64().default(""),
});

const Data = z.object({
  action: z.string(),
  digest: z.string().nullish(),
  tag: z.string().nullish(),
});

const ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["INSERT", "pushed"],
  ["DELETE", "deleted"],
]);

/**
 * What a message of the topic `gcr` says: Artifact Registry's, gcr.io's included. Digest and tag are whole references, and either
 * may be missing; a tag's deletion has no digest.
 * @see https://cloud.google.com/artifact-registry/docs/configure-notifications
 * @throws InvalidWebhookError
 */
export function artifactRegistryHints(kind: string, message: z.output<typeof PubsubMessage>): readonly Hint[] {
  const { action: name, digest, tag } = parseBody(kind, Data, Buffer.from(message.data, "base64"));
  const action = ACTIONS.get(name);
  if (action === undefined) return [];
  const [byTag, byDigest] = [tryParseReference(tag ?? ""), tryParseReference(digest ?? "")];
  const named = byTag ?? byDigest;
  if (named === undefined) throw new InvalidWebhookError(kind, "message.data", "names no image by tag or digest");
  const { registry, repository } = named;
  const claim = { action, registry, repository, tag: byTag?.tag, digest: byDigest?.digest };
  return [makeHint(kind, "message.data", claim)];
}
