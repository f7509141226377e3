import { z } from "zod";
import { parseValue } from "./body.ts";
import type { CloudEvent } from "./cloud-event.ts";
import { ecrRegistry } from "./eventbridge.ts";
import { InvalidWebhookError } from "./errors.ts";
import { eventGridHints } from "./event-grid.ts";
import { harborHints } from "./harbor.ts";
import type { Hint } from "../model/hint.ts";
import { makeHint } from "./make-hint.ts";
import { parseOciPurl } from "./purl.ts";

/**
 * The hints of a CloudEvent of a known type; none for one of another type.
 * @throws InvalidWebhookError where its data is not what its type promises
 */
export function cloudEventHints(kind: string, event: CloudEvent): readonly Hint[] {
  const { type, data, path } = event;
  if (type.startsWith("harbor.")) return harborHints(kind, type, data, path);
  if (type.startsWith("Microsoft.ContainerRegistry.")) return eventGridHints(kind, type, data, path);
  if (type.startsWith("zotregistry.")) return zotHints(kind, event);
  if (type.startsWith("dev.cdevents.artifact.")) return cdEventHints(kind, event);
  return type === "com.amazon.ecr.image.push" ? ecrHints(kind, event) : [];
}

const ZotData = z.object({ name: z.string(), reference: z.string().nullish(), digest: z.string().nullish() });
const ZOT_ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["zotregistry.image.updated", "pushed"],
  ["zotregistry.image.deleted", "deleted"],
  ["zotregistry.image.scanned", "scanned"],
]);

/** @see https://zotregistry.dev/latest/admin-guide/admin-configuration/ */
function zotHints(kind: string, { type, data, path }: CloudEvent): readonly Hint[] {
  const action = ZOT_ACTIONS.get(type);
  if (action === undefined) return [];
  const { name, reference, digest } = parseValue(kind, ZotData, data, path);
  const where = path === "" ? "name" : `${path}.name`;
  return [makeHint(kind, where, { action, repository: name, tag: reference, digest })];
}

const EcrData = z.object({
  repositoryName: z.string(),
  imageTag: z.string().nullish(),
  imageDigest: z.string().nullish(),
});

/** An EventBridge rule's input transformer makes these; the names are those of its users' common template. */
function ecrHints(kind: string, { source, data, path }: CloudEvent): readonly Hint[] {
  const { repositoryName, imageTag: tag, imageDigest: digest } = parseValue(kind, EcrData, data, path);
  const [, region, account] = /^urn:aws:ecr:([a-z0-9-]+):(\d{12}):/.exec(source) ?? [];
  const registry = region && account ? ecrRegistry(account, region) : undefined;
  const where = path === "" ? "repositoryName" : `${path}.repositoryName`;
  return [makeHint(kind, where, { action: "pushed", registry, repository: repositoryName, tag, digest })];
}

const CdEvent = z.object({ subject: z.object({ id: z.string() }) });
const CD_ACTIONS: ReadonlyMap<string, Hint["action"]> = new Map([
  ["published", "pushed"],
  ["deleted", "deleted"],
  ["signed", "signed"],
]);

/** @see https://github.com/cdevents/spec/blob/v0.4.1/continuous-integration.md#artifact */
function cdEventHints(kind: string, { type, subject, data, path }: CloudEvent): readonly Hint[] {
  const action = CD_ACTIONS.get(type.split(".")[3] ?? "");
  if (action === undefined) return [];
  const id = subject ?? parseValue(kind, CdEvent, data, path).subject.id;
  const claim = parseOciPurl(id);
  if (claim === undefined) {
    // Artifacts of other kinds are published too.
    if (id.startsWith("pkg:") && !/^pkg:\/*oci\//i.test(id)) return [];
    throw new InvalidWebhookError(kind, "subject", "is no package URL of an image (pkg:oci/…)");
  }
  return [makeHint(kind, "subject", { action, ...claim })];
}
