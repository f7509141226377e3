import { isDigest } from "../reference/digest.ts";
import type { JsonObject } from "../tools/json.ts";
import { boolean, isTime, list, NotADocument, number, oneOf, optional, record, text, texts } from "./json.ts";
import { parseCapabilityMembers } from "./capability.ts";
import { parseOwnerFrom } from "./parse-document.ts";
import { parseCandidate } from "./parse-live.ts";
import type {
  FollowerHealthDocument,
  HealthDocument,
  JournalEntryDocument,
  JournalPage,
  RefreshResult,
  ScanProgressDocument,
  ScanReportDocument,
  SourceHealthDocument,
  SourceProblem,
  UnreadTagDocument,
  VerdictDocument,
  VersionDocument,
  VersionsPage,
} from "./service-documents.ts";

/** @param type the type that was asked for @throws NotADocument */
export function parseVersionsPage(json: unknown, type: string): VersionsPage {
  const fields = record(json, "the answer");
  if (fields["type"] !== type) throw new NotADocument(`it is about another executor type than ${type}`);
  return {
    type,
    total: number(fields, "total"),
    versions: list(fields, "versions", parseVersion),
    ...optional(fields, "unread", () => list(fields, "unread", parseUnreadTag)),
    ...optional(fields, "unreadTotal", number),
    ...optional(fields, "candidates", () => list(fields, "candidates", parseCandidate)),
  };
}

/** @throws NotADocument */
export function parseVersion(json: unknown): VersionDocument {
  const fields = record(json, "its version");
  const { digest, created, pushed, validatedAt, found } = fields;
  if (typeof digest !== "string" || !isDigest(digest)) throw new NotADocument("its version's digest is no digest");
  if (!isTime(found)) throw new NotADocument("its version's member found is no time");
  const validated = boolean(fields, "validated");
  return {
    image: text(fields, "image"),
    digest,
    version: text(fields, "version"),
    tags: texts(fields, "tags"),
    ...optional(fields, "tagsOmitted", number),
    capabilities: texts(fields, "capabilities"),
    ...parseCapabilityMembers(fields),
    ...optional(fields, "owner", text),
    ...parseOwnerFrom(fields),
    ...(isTime(created) && { created }),
    ...(isTime(pushed) && { pushed }),
    ...optional(fields, "sizeBytes", number),
    platforms: texts(fields, "platforms"),
    source: text(fields, "source"),
    state: oneOf(fields, "state", ["admitted", "rejected", "pending", "withdrawn"]),
    current: boolean(fields, "current"),
    verdicts: list(fields, "verdicts", parseVerdict),
    found,
    ...optional(fields, "added", text),
    validated,
    ...(validated && isTime(validatedAt) && { validatedAt }),
    ...optional(fields, "withdrawn", parseWithdrawn),
  };
}

/** @throws NotADocument */
export function parseVerdict(json: unknown): VerdictDocument {
  const fields = record(json, "its verdict");
  return {
    check: text(fields, "check"),
    state: oneOf(fields, "state", ["passed", "failed", "pending"]),
    reason: text(fields, "reason"),
    ...(fields["mode"] === "warn" && { mode: "warn" as const }),
    ...optional(fields, "code", text),
  };
}

function parseWithdrawn({ withdrawn }: JsonObject): { readonly at: string; readonly reason: string } {
  const fields = record(withdrawn, "its member withdrawn");
  return { at: text(fields, "at"), reason: text(fields, "reason") };
}

/** @throws NotADocument */
export function parseUnreadTag(json: unknown): UnreadTagDocument {
  const fields = record(json, "its unread tag");
  return {
    repository: text(fields, "repository"),
    tag: text(fields, "tag"),
    ...optional(fields, "digest", text),
    code: text(fields, "code"),
    reason: text(fields, "reason"),
  };
}

/** @throws NotADocument */
export function parseJournalPage(json: unknown): JournalPage {
  return { entries: list(record(json, "the answer"), "entries", parseJournalEntry) };
}

function parseJournalEntry(json: unknown): JournalEntryDocument {
  const fields = record(json, "its entry");
  const change = record(fields["change"], "its entry's change");
  return {
    // Its hash covers every member, those of later releases included.
    ...fields,
    sequence: number(fields, "sequence"),
    at: text(fields, "at"),
    actor: text(fields, "actor"),
    reason: text(fields, "reason"),
    // Other members of a change depend on its kind, and the command line prints them as they are.
    change: {
      ...change,
      kind: text(change, "kind"),
      ...optional(change, "type", text),
      ...optional(change, "digest", text),
    },
    previous: text(fields, "previous"),
    hash: text(fields, "hash"),
  };
}

/** @throws NotADocument */
export function parseRefreshResult(json: unknown): RefreshResult {
  const fields = record(json, "the answer");
  if (fields["scans"] !== undefined) return { scans: list(fields, "scans", parseScanReport) };
  return { accepted: boolean(fields, "accepted") };
}

function parseScanReport(json: unknown): ScanReportDocument {
  const fields = record(json, "its scan");
  return {
    source: text(fields, "source"),
    repositories: number(fields, "repositories"),
    changes: number(fields, "changes"),
    unread: number(fields, "unread"),
    requests: number(fields, "requests"),
    complete: boolean(fields, "complete"),
    incomplete: texts(fields, "incomplete"),
    progress: parseProgress(fields),
    ...optional(fields, "problem", parseSourceProblem),
  };
}

function parseProgress({ progress }: JsonObject): ScanProgressDocument {
  const fields = record(progress, "its member progress");
  return {
    repositories: number(fields, "repositories"),
    repositoriesRead: number(fields, "repositoriesRead"),
    tags: number(fields, "tags"),
    tagsRead: number(fields, "tagsRead"),
  };
}

function parseSourceProblem({ problem }: JsonObject): SourceProblem {
  const fields = record(problem, "its member problem");
  return { code: text(fields, "code"), message: text(fields, "message") };
}

/** @throws NotADocument */
export function parseHealth(json: unknown): HealthDocument {
  const fields = record(json, "the answer");
  return {
    status: oneOf(fields, "status", ["ok", "degraded", "starting", "draining"]),
    ...optional(fields, "reason", text),
    ...optional(fields, "version", text),
    ...optional(fields, "executors", number),
    ...optional(fields, "journal", parseJournalHealth),
    ...optional(fields, "sources", () => list(fields, "sources", parseSourceHealth)),
    ...optional(fields, "queues", () => list(fields, "queues", parseQueueHealth)),
    ...optional(fields, "followers", () => list(fields, "followers", parseFollowerHealth)),
    ...optional(fields, "judging", parseJudgingHealth),
    ...optional(fields, "replica", parseReplicaHealth),
  };
}

function parseFollowerHealth(json: unknown): FollowerHealthDocument {
  const fields = record(json, "its follower");
  return {
    name: text(fields, "name"),
    kind: text(fields, "kind"),
    failing: boolean(fields, "failing"),
    behind: number(fields, "behind"),
  };
}

function parseJudgingHealth({ judging }: JsonObject): NonNullable<HealthDocument["judging"]> {
  const fields = record(judging, "its member judging");
  return { due: number(fields, "due"), late: number(fields, "late") };
}

function parseReplicaHealth({ replica }: JsonObject): NonNullable<HealthDocument["replica"]> {
  const fields = record(replica, "its member replica");
  return {
    name: text(fields, "name"),
    leading: boolean(fields, "leading"),
    ...optional(fields, "leader", text),
    age: number(fields, "age"),
  };
}

function parseJournalHealth({ journal }: JsonObject): NonNullable<HealthDocument["journal"]> {
  const fields = record(journal, "its member journal");
  return {
    sequence: number(fields, "sequence"),
    hash: text(fields, "hash"),
    ...optional(fields, "verified", ({ verified }) => {
      const upTo = record(verified, "its member journal.verified");
      return { sequence: number(upTo, "sequence"), at: text(upTo, "at") };
    }),
    ...optional(fields, "broken", ({ broken }) => {
      const damage = record(broken, "its member journal.broken");
      return { sequence: number(damage, "sequence"), message: text(damage, "message") };
    }),
  };
}

function parseSourceHealth(json: unknown): SourceHealthDocument {
  const fields = record(json, "its source");
  return {
    name: text(fields, "name"),
    kind: text(fields, "kind"),
    state: oneOf(fields, "state", ["starting", "ready", "failing"]),
    ...optional(fields, "completed", text),
    ...optional(fields, "attempted", text),
    ...optional(fields, "problem", parseSourceProblem),
    ...optional(fields, "incomplete", texts),
    ...optional(fields, "progress", parseProgress),
    ...optional(fields, "repositories", number),
    ...optional(fields, "unread", number),
    ...optional(fields, "requests", number),
  };
}

function parseQueueHealth(json: unknown): { readonly name: string; readonly failing: boolean } {
  const fields = record(json, "its queue");
  return { name: text(fields, "name"), failing: boolean(fields, "failing") };
}
