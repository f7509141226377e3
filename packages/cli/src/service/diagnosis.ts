import {
  type ExplainedVersion,
  isObject,
  list,
  type LookedInSource,
  NotADocument,
  oneOf,
  optional,
  parseUnreadTag,
  parseVerdict,
  parseVersion,
  type PolicyTestDocument,
  record,
  type ServiceOperation,
  text,
  texts,
  time,
  type VerdictDocument,
  type WhyDocument,
} from "@executor-registry/resolver/internal";

// What the service answers about single images. The resolver asks nothing of it, so that it is read here.

/** What became of an image or a tag of a type. */
export const WHY: ServiceOperation<"/executors/{type}/why", "image", WhyDocument> = {
  id: "why",
  method: "GET",
  path: "/executors/{type}/why",
  query: ["image"],
  parse: parseWhy,
};

/** What the checks say of an image now. */
export const TEST_POLICY: ServiceOperation<"/policy/test", "image" | "type", PolicyTestDocument> = {
  id: "testPolicy",
  method: "POST",
  path: "/policy/test",
  query: ["image", "type"],
  parse: parsePolicyTest,
};

type Fields = ReturnType<typeof record>;

function parseWhy(json: unknown, { type }: { readonly type: string }): WhyDocument {
  const fields = record(json, "the answer");
  if (fields["type"] !== type) throw new NotADocument(`it is about another executor type than ${type}`);
  return {
    type,
    ...optional(fields, "image", text),
    answer: oneOf(fields, "answer", [
      "current",
      "admitted",
      "rejected",
      "pending",
      "withdrawn",
      "unread",
      "unknown",
    ] as const),
    reason: text(fields, "reason"),
    ...optional(fields, "policy", text),
    ...optional(fields, "versionPolicy", ({ versionPolicy }) => {
      const one = record(versionPolicy, "its member versionPolicy");
      return { name: text(one, "name"), kind: text(one, "kind"), summary: text(one, "summary") };
    }),
    ...optional(fields, "current", parseNamed),
    images: list(fields, "images", parseExplained),
    unread: list(fields, "unread", parseUnreadTag),
    otherTypes: texts(fields, "otherTypes"),
    sources: list(fields, "sources", parseSource),
  };
}

function parseExplained(json: unknown): ExplainedVersion {
  const fields = record(json, "its image");
  return {
    ...parseVersion(json),
    verdicts: list(fields, "verdicts", parseWholeVerdict),
    why: text(fields, "why"),
    ...optional(fields, "drop", ({ drop }) => {
      const one = record(drop, "its member drop");
      return { code: text(one, "code"), detail: text(one, "detail") };
    }),
    ...optional(fields, "beatenBy", parseNamed),
  };
}

function parseNamed(of: Fields, name: string) {
  const one = record(of[name], `its member ${name}`);
  return { image: text(one, "image"), version: text(one, "version"), reason: text(one, "reason") };
}

function parseWholeVerdict(json: unknown): VerdictDocument {
  const fields = record(json, "its verdict");
  return {
    ...parseVerdict(json),
    ...optional(fields, "evidence", parseEvidence),
    ...optional(fields, "fingerprint", text),
    ...optional(fields, "expires", time),
    ...optional(fields, "since", time),
  };
}

function parseEvidence({ evidence }: Fields): Readonly<Record<string, string>> {
  const members = Object.entries(record(evidence, "its member evidence"));
  return Object.fromEntries(members.map(([name, value]) => [name, typeof value === "string" ? value : String(value)]));
}

function parseSource(json: unknown): LookedInSource {
  const fields = record(json, "its source");
  const { problem } = fields;
  return {
    name: text(fields, "name"),
    state: oneOf(fields, "state", ["starting", "ready", "failing"] as const),
    ...optional(fields, "completed", time),
    ...optional(fields, "attempted", time),
    ...(isObject(problem) && { problem: { code: text(problem, "code"), message: text(problem, "message") } }),
    repositories: texts(fields, "repositories"),
  };
}

function parsePolicyTest(json: unknown): PolicyTestDocument {
  const fields = record(json, "the answer");
  return {
    image: text(fields, "image"),
    source: text(fields, "source"),
    types: list(fields, "types", (one) => {
      const tested = record(one, "its type");
      return {
        type: text(tested, "type"),
        ...optional(tested, "policy", text),
        state: oneOf(tested, "state", ["admitted", "rejected", "pending"] as const),
        verdicts: list(tested, "verdicts", parseWholeVerdict),
      };
    }),
  };
}
