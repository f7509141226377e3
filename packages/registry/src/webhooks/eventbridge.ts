import { z } from "zod";
import { listOf, parseValue } from "./body.ts";
import { InvalidWebhookError } from "./errors.ts";
import type { Hint } from "../model/hint.ts";
import { makeHint } from "./make-hint.ts";

/** The hints of an EventBridge event, and its id: the same event may come more than once. */
export interface BridgedEvent {
  readonly id: string;
  readonly hints: readonly Hint[];
}

const EventBridgeEvent = z.object({
  id: z.string().min(1),
  source: z.string(),
  "detail-type": z.string(),
  account: z.string(),
  region: z.string(),
  detail: z.unknown().optional(),
});

const Detail = z.object({
  /** A repository's ARN in Inspector's events. */
  "repository-name": z.string(),
  "action-type": z.string().optional(),
  "target-storage-class": z.string().optional(),
  result: z.string().optional(),
  "image-digest": z.string().nullish(),
  /** Of pushes and deletions. */
  "image-tag": z.string().nullish(),
  /** Of scans. */
  "image-tags": listOf(z.string()).nullish(),
});
type Detail = z.output<typeof Detail>;

const ACTION_TYPES: ReadonlyMap<string, Hint["action"]> = new Map([
  ["PUSH", "pushed"],
  ["REPLICATE", "pushed"],
  ["DELETE", "deleted"],
]);

const KINDS: ReadonlyMap<string, (detail: Detail) => Hint["action"] | undefined> = new Map([
  ["aws.ecr/ECR Image Action", changed],
  ["aws.ecr/ECR Replication Action", changed],
  ["aws.ecr/ECR Image Scan", scanned],
  ["aws.inspector2/Inspector2 Scan", scanned],
]);

/**
 * The hints of an event of Amazon ECR or Inspector, however it came. None for other events: rules are often wide.
 * @param path where the event stands in the body
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 * @throws InvalidWebhookError
 */
export function parseEventBridge(kind: string, event: unknown, path: string): BridgedEvent {
  const parsed = parseValue(kind, EventBridgeEvent, event, path);
  const { id, source, account, region, "detail-type": type } = parsed;
  const actionOf = KINDS.get(`${source}/${type}`);
  if (actionOf === undefined) return { id, hints: [] };
  const where = path === "" ? "detail" : `${path}.detail`;
  const detail = parseValue(kind, Detail, parsed.detail, where);
  const action = actionOf(detail);
  if (action === undefined) return { id, hints: [] };
  const place = repositoryOf(kind, `${where}.repository-name`, detail["repository-name"], account, region);
  const digest = detail["image-digest"];
  const tags = detail["image-tags"]?.length ? detail["image-tags"] : [detail["image-tag"]];
  const hints = tags.map((tag) => makeHint(kind, `${where}.repository-name`, { action, ...place, tag, digest }));
  return { id, hints };
}

function changed(detail: Detail): Hint["action"] | undefined {
  const { "action-type": type = "", "target-storage-class": storage, result } = detail;
  if (result === "FAILED") return undefined;
  // An archived image cannot be pulled.
  if (type === "UPDATE_STORAGE_CLASS") return storage === "ARCHIVE" ? "deleted" : "pushed";
  return ACTION_TYPES.get(type);
}

/** Failed ones too: the image's verdict may be another then. */
function scanned(): Hint["action"] {
  return "scanned";
}

function repositoryOf(
  kind: string,
  path: string,
  name: string,
  account: string,
  region: string,
): { readonly registry: string; readonly repository: string } {
  if (!name.startsWith("arn:")) return { registry: ecrRegistry(account, region), repository: name };
  const match = /^arn:[a-z0-9-]+:ecr:([a-z0-9-]+):(\d+):repository\/([^@]+)$/.exec(name);
  const [, itsRegion, itsAccount, repository] = match ?? [];
  if (itsRegion === undefined || itsAccount === undefined || repository === undefined) {
    throw new InvalidWebhookError(kind, path, "is no ARN of an ECR repository");
  }
  return { registry: ecrRegistry(itsAccount, itsRegion), repository };
}

/**
 * The registry's host in references.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function ecrRegistry(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
