import { isDigest } from "../reference/digest.ts";
import type { JsonObject } from "../tools/json.ts";
import { boolean, list, NotADocument, number, oneOf, optional, record, text, texts, time } from "./json.ts";
import { parsePin } from "./parse-document.ts";
import { evidenceKind } from "./parse-live.ts";
import type {
  DenialDocument,
  DenialsDocument,
  DropCount,
  HistoryPage,
  PinAnswer,
  PinDocument,
  PoliciesDocument,
  PolicyChange,
  PolicyEffect,
  PolicySummary,
  RevisionDocument,
  SelectionChange,
  VersionPolicyReport,
  VersionRef,
} from "./selection-documents.ts";

/** The service gives no more of what it counts or lists in pages. */
const MAX_LISTED = 100;
/** An operator's and the configuration's. */
const MAX_DENIALS = 10_000;
const OUTCOMES = ["changed", "unchanged"] as const;
const ORIGINS = ["configuration", "operator", "default"] as const;

/** @param type the type that was asked for @throws NotADocument */
export function parsePinAnswer(json: unknown, type: string): PinAnswer {
  const fields = about(json, type);
  return boolean(fields, "pinned") ? { ...parsePinDocument(json), pinned: true } : { type, pinned: false };
}

function parsePinDocument(json: unknown): PinDocument {
  const fields = record(json, "its pin");
  return {
    type: text(fields, "type"),
    ...parseImage(fields),
    ...parsePin(fields),
    state: oneOf(fields, "state", ["in-force", "invalid"] as const),
    ...optional(fields, "problem", text),
    ...optional(fields, "policyWouldChoose", parseRef),
  };
}

/** @param type the type that was asked for @throws NotADocument */
export function parseSelectionChange(json: unknown, type: string): SelectionChange {
  const fields = about(json, type);
  return {
    type,
    outcome: oneOf(fields, "outcome", OUTCOMES),
    ...parseDryRun(fields),
    message: text(fields, "message"),
    ...optional(fields, "before", parseRef),
    ...optional(fields, "after", parseRef),
    affected: number(fields, "affected"),
    ...optional(fields, "pin", ({ pin }) => parsePinDocument(pin)),
    ...optional(fields, "denial", ({ denial }) => parseDenial(denial)),
  };
}

/** @param type the type that was asked for @throws NotADocument */
export function parseHistory(json: unknown, type: string): HistoryPage {
  const fields = about(json, type);
  return { type, revisions: list(fields, "revisions", parseRevision, MAX_LISTED), total: number(fields, "total") };
}

function parseRevision(json: unknown): RevisionDocument {
  const fields = record(json, "its revision");
  return {
    revision: number(fields, "revision"),
    ...parseImage(fields),
    since: time(fields, "since"),
    decidedBy: evidenceKind(fields["decidedBy"]),
    reason: text(fields, "reason"),
    by: text(fields, "by"),
  };
}

/** @param type the type that was asked for @throws NotADocument */
export function parseDenials(json: unknown, type: string): DenialsDocument {
  return { type, denials: list(about(json, type), "denials", parseDenial, MAX_DENIALS) };
}

function parseDenial(json: unknown): DenialDocument {
  const fields = record(json, "its denial");
  return {
    id: number(fields, "id"),
    ...optional(fields, "version", text),
    ...optional(fields, "digest", text),
    ...optional(fields, "pattern", text),
    reason: text(fields, "reason"),
    by: text(fields, "by"),
    since: text(fields, "since"),
    ...optional(fields, "until", time),
    from: oneOf(fields, "from", ["configuration", "operator"] as const),
  };
}

/** @param type the type that was asked for @throws NotADocument */
export function parsePolicyReport(json: unknown, type: string): VersionPolicyReport {
  const fields = about(json, type);
  const evaluation = record(fields["evaluation"], "its member evaluation");
  return {
    type,
    policy: parseSummary(fields),
    from: oneOf(fields, "from", ORIGINS),
    evaluation: {
      ...optional(evaluation, "pick", parseNamed),
      ...optional(evaluation, "runnerUp", parseNamed),
      reason: text(evaluation, "reason"),
      candidates: number(evaluation, "candidates"),
      images: number(evaluation, "images"),
      drops: list(evaluation, "drops", parseDrop, MAX_LISTED),
      warnings: texts(evaluation, "warnings"),
    },
    ...optional(fields, "current", parseRef),
    ...optional(fields, "condition", () => oneOf(fields, "condition", ["NoMatch", "TagGone"] as const)),
  };
}

function parseSummary({ policy }: JsonObject): PolicySummary {
  const fields = record(policy, "its member policy");
  return { name: text(fields, "name"), kind: text(fields, "kind"), summary: text(fields, "summary") };
}

function parseDrop(json: unknown): DropCount {
  const fields = record(json, "its drop");
  return { code: text(fields, "code"), count: number(fields, "count"), examples: texts(fields, "examples") };
}

/** @throws NotADocument */
export function parsePolicies(json: unknown): PoliciesDocument {
  const fields = record(json, "the answer");
  return {
    from: oneOf(fields, "from", ORIGINS),
    policies: list(fields, "policies", (policy) => record(policy, "its policy"), MAX_LISTED),
    summary: texts(fields, "summary"),
    ...optional(fields, "by", text),
    ...optional(fields, "since", time),
    ...optional(fields, "reason", text),
  };
}

/** @throws NotADocument */
export function parsePolicyChange(json: unknown): PolicyChange {
  const fields = record(json, "the answer");
  return {
    outcome: oneOf(fields, "outcome", OUTCOMES),
    ...parseDryRun(fields),
    affected: number(fields, "affected"),
    unchanged: number(fields, "unchanged"),
    changes: list(fields, "changes", parseEffect, MAX_LISTED),
  };
}

function parseEffect(json: unknown): PolicyEffect {
  const fields = record(json, "its change");
  return {
    type: text(fields, "type"),
    ...optional(fields, "before", parseRef),
    ...optional(fields, "after", parseRef),
    candidates: number(fields, "candidates"),
    drops: list(fields, "drops", parseDrop, MAX_LISTED),
  };
}

function parseRef(of: JsonObject, name: string): VersionRef {
  const fields = record(of[name], `its member ${name}`);
  return { ...parseImage(fields), decidedBy: evidenceKind(fields["decidedBy"]), reason: text(fields, "reason") };
}

const parseNamed = (of: JsonObject, name: string) => parseImage(record(of[name], `its member ${name}`));

function parseImage(fields: JsonObject): Pick<VersionRef, "image" | "digest" | "version"> {
  const { digest } = fields;
  if (typeof digest !== "string" || !isDigest(digest)) throw new NotADocument("its member digest is no digest");
  return { image: text(fields, "image"), digest, version: text(fields, "version") };
}

const parseDryRun = ({ dryRun }: JsonObject): Pick<SelectionChange, "dryRun"> => (dryRun === true ? { dryRun } : {});

function about(json: unknown, type: string): JsonObject {
  const fields = record(json, "the answer");
  if (fields["type"] !== type) throw new NotADocument(`it is about another executor type than ${type}`);
  return fields;
}
