import { isExecutorType } from "@executor-registry/resolver";
import { z } from "zod";

/** A request's or an answer's shape: checked where it comes in, and printed into the OpenAPI document. */
export const TypeName = z
  .string()
  .refine(
    isExecutorType,
    "expected lower-case letters and digits, separated by one of . _ __ or dashes, at most 63 characters",
  )
  .meta({
    description: "An executor type",
    examples: ["ml"],
    minLength: 1,
    maxLength: 63,
    pattern: "^[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*$",
  });

const Timestamp = z.string().meta({ format: "date-time", description: "ISO 8601 in UTC" });
const DigestText = z.string().meta({ examples: [`sha256:${"0".repeat(64)}`] });

const DecidedBy = z.enum([
  "declared",
  "only-candidate",
  "sighting",
  "tag-time",
  "tag-version",
  "pod-start",
  "created",
  "policy",
  "pin",
  "rollout",
  "none",
]);

export const Candidate = z
  .object({
    image: z.string(),
    digest: DigestText.optional(),
    version: z.string(),
    names: z.array(z.string()),
    nodes: z.array(z.string()).optional(),
    sizeBytes: z.number().optional(),
    evidence: z.array(z.object({ kind: DecidedBy, at: Timestamp.optional(), detail: z.string() })),
  })
  .meta({ id: "Candidate" });

const Live = z
  .object({
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
    nodes: z.array(z.string()).optional().meta({ description: "Where a pod must land" }),
    candidates: z.array(Candidate).meta({ description: "What could be meant, the best 20 first" }),
    template: z
      .object({
        from: z.string(),
        container: z.string(),
        pod: z.looseObject({ spec: z.looseObject({}) }),
        job: z
          .looseObject({ metadata: z.looseObject({}).optional(), spec: z.looseObject({}).optional() })
          .optional()
          .meta({ description: "What the declaration says of the Job itself" }),
      })
      .optional()
      .meta({ description: "The declared pod, and Job, to run this type with" }),
    staleSince: Timestamp.optional().meta({ description: "Since when the cluster has been out of reach" }),
  })
  .meta({
    id: "Live",
    description: "Of an image that was found in a cluster instead of a registry: nobody has checked it",
  });

export const Executor = z
  .object({
    type: z.string(),
    image: z.string().meta({ description: "What to run: repository@sha256:…; of what is live, any name" }),
    digest: DigestText.optional().meta({ description: "Always there, but for what is live" }),
    version: z.string().meta({ description: "The tag that tells it apart for a person" }),
    tags: z.array(z.string()).meta({ description: "At most 50, the most informative ones" }),
    tagsOmitted: z.number().optional().meta({ description: "How many more tags there are" }),
    capabilities: z.array(z.string()).meta({ description: "Label executor-registry.dev/capabilities" }),
    owner: z.string().optional().meta({ description: "Label executor-registry.dev/owner" }),
    added: Timestamp,
    validated: z.boolean().meta({
      description: "All checks passed for exactly this digest; false for what is live, which is not checked",
    }),
    validatedAt: Timestamp.optional().meta({ description: "When they last passed; there when validated is true" }),
    created: Timestamp.optional(),
    pushed: Timestamp.optional(),
    sizeBytes: z.number().optional(),
    platforms: z.array(z.string()),
    source: z.string(),
    decidedBy: DecidedBy,
    reason: z.string(),
    ambiguous: z.boolean().meta({ description: "Nothing could tell which of several is the newest; reason says why" }),
    advice: z.string().optional().meta({ description: "What to do about an ambiguous answer" }),
    versions: z.number(),
    warnings: z.array(z.string()),
    live: Live.optional(),
  })
  .meta({ id: "Executor" });

const Verdict = z
  .object({ check: z.string(), state: z.enum(["passed", "failed", "pending"]), reason: z.string() })
  .meta({ id: "Verdict" });

export const Version = Executor.pick({
  image: true,
  digest: true,
  version: true,
  tags: true,
  tagsOmitted: true,
  capabilities: true,
  owner: true,
  created: true,
  pushed: true,
  sizeBytes: true,
  platforms: true,
  source: true,
  validated: true,
  validatedAt: true,
})
  .extend({
    digest: DigestText,
    state: z.enum(["admitted", "rejected", "pending", "withdrawn"]),
    current: z.boolean(),
    verdicts: z.array(Verdict),
    found: Timestamp,
    added: Timestamp.optional(),
    withdrawn: z.object({ at: Timestamp, reason: z.string() }).optional(),
  })
  .meta({ id: "Version" });

export const UnreadTag = z
  .object({
    repository: z.string(),
    tag: z.string(),
    digest: DigestText.optional().meta({ description: "What it names, where that itself can never be read" }),
    code: z.string().meta({ description: "Of the error that kept it from being read" }),
    reason: z.string(),
  })
  .meta({ id: "UnreadTag" });

export const JournalEntry = z
  .object({
    sequence: z.number(),
    at: Timestamp,
    actor: z.string(),
    reason: z.string(),
    change: z.looseObject({ kind: z.string(), type: z.string().optional() }),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: "JournalEntry" });

const Progress = z
  .object({
    repositories: z.number(),
    repositoriesRead: z.number(),
    tags: z.number(),
    tagsRead: z.number(),
  })
  .meta({
    description:
      "What there is to read, as far as known, and what was read. Tags that are known are not looked up again",
  });
const Incomplete = z
  .array(z.string())
  .meta({ description: "What could not be read, a sentence each; the first of them" });

export const SourceHealthShape = z
  .object({
    name: z.string(),
    kind: z.string(),
    state: z.enum(["starting", "ready", "failing"]),
    completed: Timestamp.optional(),
    attempted: Timestamp.optional(),
    problem: z.object({ code: z.string(), message: z.string() }).optional(),
    incomplete: Incomplete.optional(),
    progress: Progress.optional(),
    repositories: z.number().optional(),
    unread: z.number().optional(),
    requests: z.number().optional(),
  })
  .meta({ id: "SourceHealth" });

export const ScanReportShape = z
  .object({
    source: z.string(),
    repositories: z.number(),
    changes: z.number(),
    unread: z.number(),
    requests: z.number(),
    complete: z.boolean(),
    incomplete: Incomplete,
    progress: Progress,
    problem: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: "ScanReport" });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string().optional(),
    nearMisses: z.array(z.string()).optional(),
    knownTypes: z.array(z.string()).optional(),
    incomplete: z.array(z.string()).optional().meta({
      description: "What could not be read, a sentence each: what was asked for may be there",
    }),
  })
  .meta({ id: "Problem", description: "RFC 9457" });
