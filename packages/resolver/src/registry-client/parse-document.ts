import { isDigest } from "../reference/digest.ts";
import { tryParseReference } from "../reference/reference.ts";
import { isExecutorType } from "../reference/template.ts";
import type { ExecutorDocument, ExecutorEvent, ProblemDocument } from "./executor-document.ts";

type Json = Readonly<Record<string, unknown>>;
const DECISIONS: readonly unknown[] = [
  "policy",
  "pin",
  "rollout",
  "only-candidate",
] satisfies ExecutorDocument["decidedBy"][];

/** Something that came in place of what the service documents. The message says what is wrong with it. */
export class NotADocument extends Error {
  override readonly name = "NotADocument";
}

/** @param type the type that was asked for @throws NotADocument */
export function parseDocument(json: unknown, type: string): ExecutorDocument {
  const fields = record(json, "the answer");
  const image = text(fields, "image");
  const digest = text(fields, "digest");
  if (fields["type"] !== type) throw new NotADocument(`it is about another executor type than ${type}`);
  if (!isDigest(digest) || tryParseReference(image)?.digest !== digest) {
    throw new NotADocument(`the image of ${type} is not pinned to its digest`);
  }
  const decidedBy = fields["decidedBy"];
  const [owner, created, pushed, sizeBytes] = [
    fields["owner"],
    fields["created"],
    fields["pushed"],
    fields["sizeBytes"],
  ];
  return {
    type,
    image,
    digest,
    version: text(fields, "version"),
    tags: texts(fields, "tags"),
    capabilities: texts(fields, "capabilities"),
    ...(typeof owner === "string" && { owner }),
    added: text(fields, "added"),
    validated: text(fields, "validated"),
    ...(isTime(created) && { created }),
    ...(isTime(pushed) && { pushed }),
    ...(typeof sizeBytes === "number" && { sizeBytes }),
    platforms: texts(fields, "platforms"),
    source: text(fields, "source"),
    // A later service may know more reasons; all of them are a policy of some kind.
    decidedBy: DECISIONS.includes(decidedBy) ? (decidedBy as ExecutorDocument["decidedBy"]) : "policy",
    reason: text(fields, "reason"),
    versions: typeof fields["versions"] === "number" ? fields["versions"] : 1,
    warnings: texts(fields, "warnings"),
  };
}

/** The object of `GET /executors`, by type. @throws NotADocument */
export function parseDocuments(json: unknown): ReadonlyMap<string, ExecutorDocument> {
  const entries = Object.entries(record(json, "the answer"));
  return new Map(entries.map(([type, document]) => [type, parseDocument(document, type)]));
}

/** The part of an error's body that is acted upon; nothing when it is none of the service's. */
export function parseProblem(
  json: unknown,
): Pick<ProblemDocument, "code" | "detail" | "nearMisses" | "knownTypes"> | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { code, detail, nearMisses, knownTypes } = json as Json;
  if (typeof code !== "string") return undefined;
  const names = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((name) => typeof name === "string" && isExecutorType(name)) : [];
  return {
    code,
    detail: typeof detail === "string" ? detail : "",
    nearMisses: names(nearMisses),
    knownTypes: names(knownTypes),
  };
}

/** The type that an event's data speaks of. What else it says is not used: an event is a hint. */
export function parseEvent(data: string): Pick<ExecutorEvent, "type"> | undefined {
  try {
    const { type } = record(JSON.parse(data), "the event");
    return typeof type === "string" && isExecutorType(type) ? { type } : undefined;
  } catch {
    return undefined;
  }
}

function record(json: unknown, what: string): Json {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Json;
  throw new NotADocument(`${what} is no JSON object`);
}

function text(fields: Json, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new NotADocument(`its member ${name} is no text`);
}

function texts(fields: Json, name: string): readonly string[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new NotADocument(`its member ${name} is no list of texts`);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
