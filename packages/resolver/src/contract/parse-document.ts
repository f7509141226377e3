import { isDigest } from "../reference/digest.ts";
import { tryParseReference } from "../reference/reference.ts";
import { isExecutorType } from "../reference/template.ts";
import { parseCapabilityMembers } from "./capability.ts";
import type {
  DisplayText,
  ExecutorDocument,
  ExecutorEvent,
  ProblemDocument,
  TypeDisplay,
} from "./executor-document.ts";
import type { ExecutorPin } from "./resolution.ts";
import type { JsonObject } from "../tools/json.ts";
import { isTime, NotADocument, optional, record, text, texts, time } from "./json.ts";
import { evidenceKind, parseLive } from "./parse-live.ts";

/** @param type the type that was asked for @throws NotADocument */
export function parseDocument(json: unknown, type: string): ExecutorDocument {
  const fields = record(json, "the answer");
  const image = text(fields, "image");
  const { digest } = fields;
  if (fields["type"] !== type) throw new NotADocument(`it is about another executor type than ${type}`);
  const live = fields["live"] === undefined ? undefined : parseLive(fields["live"]);
  const reference = tryParseReference(image);
  if (!reference) throw new NotADocument(`the image of ${type} is no image reference`);
  const digested = typeof digest === "string" && isDigest(digest);
  // An image that was never pushed may have no digest, or one that is not part of its name.
  if (!live && !(digested && reference.digest === digest)) {
    throw new NotADocument(`the image of ${type} is not pinned to its digest`);
  }
  const { owner, created, pushed, sizeBytes, advice, validatedAt, tagsOmitted } = fields;
  const validated = fields["validated"] === true;
  return {
    type,
    image,
    ...(digested && { digest }),
    version: text(fields, "version"),
    tags: texts(fields, "tags"),
    ...(typeof tagsOmitted === "number" && { tagsOmitted }),
    capabilities: texts(fields, "capabilities"),
    ...parseCapabilityMembers(fields),
    ...(typeof owner === "string" && { owner }),
    ...parseOwnerFrom(fields),
    ...optional(fields, "display", parseDisplay),
    added: text(fields, "added"),
    validated,
    ...(validated && isTime(validatedAt) && { validatedAt }),
    ...(isTime(created) && { created }),
    ...(isTime(pushed) && { pushed }),
    ...(typeof sizeBytes === "number" && { sizeBytes }),
    platforms: texts(fields, "platforms"),
    source: text(fields, "source"),
    decidedBy: evidenceKind(fields["decidedBy"]),
    reason: text(fields, "reason"),
    ambiguous: fields["ambiguous"] === true,
    ...(typeof advice === "string" && { advice }),
    versions: typeof fields["versions"] === "number" ? fields["versions"] : 1,
    warnings: texts(fields, "warnings"),
    ...optional(fields, "pin", ({ pin }) => parsePin(pin)),
    ...(live && { live }),
  };
}

/** Characters of what a person wrote or is called by, in a pin. The service takes less. */
const MAX_PIN_TEXT = 2000;

/** A later service may know more kinds of pins. @throws NotADocument */
export function parsePin(json: unknown): ExecutorPin {
  const fields = record(json, "its pin");
  const [by, reason] = [text(fields, "by"), text(fields, "reason")];
  if (Math.max(by.length, reason.length) > MAX_PIN_TEXT) throw new NotADocument("its pin is too long");
  return {
    kind: fields["kind"] === "rollback" ? "rollback" : "pin",
    since: time(fields, "since"),
    by,
    reason,
    ...optional(fields, "until", time),
  };
}

/** A later service may know others who say it; that is passed over. */
export function parseOwnerFrom({ ownerFrom }: JsonObject): Pick<ExecutorDocument, "ownerFrom"> {
  const known = (["configuration", "policy", "label"] as const).find((one) => one === ownerFrom);
  return known === undefined ? {} : { ownerFrom: known };
}

function parseDisplay({ display }: JsonObject): TypeDisplay {
  const fields = record(display, "its member display");
  const shown = (fields: JsonObject, name: string): DisplayText => {
    const one = record(fields[name], `its member display.${name}`);
    return { text: text(one, "text"), from: one["from"] === "configuration" ? "configuration" : "label" };
  };
  return {
    ...optional(fields, "name", shown),
    ...optional(fields, "description", shown),
    ...optional(fields, "documentation", shown),
    ...optional(fields, "source", shown),
  };
}

/** What `GET /executors` says: documents by type, and what is wrong with those that cannot be read. */
export interface ParsedDocuments {
  readonly documents: ReadonlyMap<string, ExecutorDocument>;
  readonly unreadable: ReadonlyMap<string, NotADocument>;
}

/** The object of `GET /executors`. @throws NotADocument when it is not an object */
export function parseDocuments(json: unknown): ParsedDocuments {
  const documents = new Map<string, ExecutorDocument>();
  const unreadable = new Map<string, NotADocument>();
  for (const [type, document] of Object.entries(record(json, "the answer"))) {
    try {
      documents.set(type, parseDocument(document, type));
    } catch (error) {
      if (!(error instanceof NotADocument)) throw error;
      unreadable.set(type, error);
    }
  }
  return { documents, unreadable };
}

/** What `GET /executors?fields=version` says: each type's version. @throws NotADocument */
export function parseVersionNames(json: unknown): ReadonlyMap<string, string> {
  const documents = Object.entries(record(json, "the answer"));
  return new Map(documents.map(([type, document]) => [type, text(record(document, `its ${type}`), "version")]));
}

/** The part of an error's body that is acted upon; nothing when the service did not write it. */
export function parseProblem(json: unknown): Omit<ProblemDocument, "status" | "requestId"> | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { type, title, code, detail, nearMisses, knownTypes, incomplete } = json as JsonObject;
  if (typeof code !== "string") return undefined;
  const names = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((name) => typeof name === "string" && isExecutorType(name)) : [];
  return {
    type: typeof type === "string" ? type : "",
    title: typeof title === "string" ? title : code,
    code,
    detail: typeof detail === "string" ? detail : "",
    nearMisses: names(nearMisses),
    knownTypes: names(knownTypes),
    incomplete: Array.isArray(incomplete) ? incomplete.filter((sentence) => typeof sentence === "string") : [],
  };
}

/** The type that an event's data is about. What else it says is not used: an event is a hint. */
export function parseEvent(data: string): Pick<ExecutorEvent, "type" | "journal"> | undefined {
  try {
    const { type, journal } = record(JSON.parse(data), "the event");
    if (typeof type !== "string" || !isExecutorType(type)) return undefined;
    return { type, ...(typeof journal === "string" && { journal }) };
  } catch {
    return undefined;
  }
}
