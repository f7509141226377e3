import { z } from "zod";
import { capabilities, Display, ownership } from "./type-schemas.ts";

// The documents that the service answers with, as the OpenAPI document prints them. Their types are the contract's: a test holds them equal.

export const Timestamp = z.string().meta({ format: "date-time", description: "ISO 8601 in UTC" });
export const DigestText = z.string().meta({ examples: [`sha256:${"0".repeat(64)}`] });

export const DecidedBy = z.enum([
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

const Candidate = z
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

const AnyObject = z.record(z.string(), z.unknown());
const Texts = z.record(z.string(), z.string());
const KubernetesMetadata = z.object({ labels: Texts.optional(), annotations: Texts.optional() });

const Live = z
  .object({
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
    nodes: z.array(z.string()).optional().meta({ description: "Where a pod must land" }),
    candidates: z.array(Candidate).meta({ description: "What could be meant, the best 20 first" }),
    template: z
      .object({
        from: z.string(),
        container: z.string(),
        pod: z.object({ metadata: KubernetesMetadata.optional(), spec: AnyObject }),
        job: z
          .object({ metadata: KubernetesMetadata.optional(), spec: AnyObject.optional() })
          .optional()
          .meta({ description: "What the declaration says of the Job itself" }),
      })
      .optional()
      .meta({ description: "The declared pod, and Job, to run this type with" }),
    staleSince: Timestamp.optional().meta({ description: "Since when the cluster has been out of reach" }),
  })
  .meta({
    id: "Live",
    description: "Of an image that was found in a cluster instead of a container registry: it has not been checked",
  });

/** That an operator holds a type at one version. */
export const PinMembers = z.object({
  kind: z.enum(["pin", "rollback"]).meta({ description: "A rollback is a pin to a version that was answered before" }),
  since: Timestamp,
  by: z.string(),
  reason: z.string(),
  until: Timestamp.optional().meta({ description: "When it ends by itself" }),
});

export const Executor = z
  .object({
    type: z.string(),
    image: z.string().meta({ description: "What to run: repository@sha256:…; of what is live, any name" }),
    digest: DigestText.optional().meta({ description: "Always there, except for what is live" }),
    version: z.string().meta({ description: "The tag by which people know it" }),
    tags: z.array(z.string()).meta({ description: "At most 50, the most informative ones" }),
    tagsOmitted: z.number().optional().meta({ description: "How many more tags there are" }),
    ...capabilities,
    ...ownership,
    display: Display.optional(),
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
    ambiguous: z.boolean().meta({ description: "It is not known which of several is the newest; reason says why" }),
    advice: z.string().optional().meta({ description: "What to do about an ambiguous answer" }),
    versions: z.number(),
    warnings: z.array(z.string()),
    pin: PinMembers.optional().meta({
      description: "Present while an operator holds the type at this version: decidedBy is pin then",
    }),
    live: Live.optional(),
  })
  .meta({ id: "Executor" });

const Verdict = z
  .object({
    check: z.string(),
    state: z.enum(["passed", "failed", "pending"]),
    reason: z.string(),
    mode: z.literal("warn").optional().meta({ description: "A failure is a warning, and keeps no image out" }),
    code: z.string().optional().meta({ description: "Which kind of failure or wait it is, such as unsigned" }),
    evidence: Texts.optional().meta({
      description: "What the answer rests on, such as the signer. Lists leave out this and what follows",
    }),
    fingerprint: z.string().optional().meta({ description: "Of the check's settings when it answered" }),
    expires: Timestamp.optional().meta({ description: "Until when it holds; for ever where absent" }),
    since: Timestamp.optional().meta({ description: "Since when the check could not answer" }),
  })
  .meta({ id: "Verdict" });

export const Version = Executor.pick({
  image: true,
  digest: true,
  version: true,
  tags: true,
  tagsOmitted: true,
  capabilities: true,
  capabilityDetails: true,
  capabilitiesIncomplete: true,
  owner: true,
  ownerFrom: true,
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

export const VersionsPage = z.object({
  type: z.string(),
  total: z.number(),
  versions: z.array(Version),
  unread: z.array(UnreadTag).optional().meta({
    description: "On the first page: tags of the type's repositories that could not be read, at most 500",
  }),
  unreadTotal: z.number().optional().meta({ description: "How many such tags there are" }),
  candidates: z.array(Candidate).optional().meta({
    description: "Where the type is answered from a cluster: what could be meant there, the best 20 first",
  }),
});

const JournalEntry = z
  .object({
    sequence: z.number(),
    at: Timestamp,
    actor: z.string(),
    reason: z.string(),
    change: z
      .looseObject({ kind: z.string(), type: z.string().optional(), digest: z.string().optional() })
      .meta({ description: "Each kind has members of its own" }),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: "JournalEntry" });

export const JournalPage = z.object({ entries: z.array(JournalEntry) });

export const CheckpointsPage = z.object({
  checkpoints: z.array(
    z
      .object({
        entry: z.number().meta({ description: "The entry that holds it" }),
        origin: z.string().meta({ description: "Whose journal it is" }),
        sequence: z.number().meta({ description: "The last entry that it covers" }),
        hash: z.string().meta({ description: "Of that entry" }),
        at: Timestamp,
        note: z.string().meta({ description: "As it was signed: https://c2sp.org/signed-note" }),
      })
      .meta({ id: "Checkpoint" }),
  ),
  publicKey: z.string().optional().meta({
    description: "Of the key that signs now, in PEM. Who verifies has it from elsewhere, and compares",
  }),
});

export const VersionDetails = Version.extend({
  type: z.string(),
  policy: z.string().optional().meta({ description: "Absent where no policy names the type" }),
  elsewhere: z.array(z.string()).meta({ description: "The same image in other repositories of the type" }),
  journal: z.array(JournalEntry).meta({ description: "The last 20 changes of it, newest first" }),
}).meta({ id: "VersionDetails" });

export const PolicyTest = z.object({
  image: z.string(),
  source: z.string(),
  types: z
    .array(
      z.object({
        type: z.string(),
        policy: z.string().optional(),
        state: z.enum(["admitted", "rejected", "pending"]).meta({ description: "What would become of the image" }),
        verdicts: z.array(Verdict),
      }),
    )
    .meta({ description: "Each type has its own policy" }),
});

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

export const SourceHealth = z
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

const ScanReport = z
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

export const RefreshScans = z.object({ scans: z.array(ScanReport) });
export const ReportReceived = z.object({
  scanned: z
    .array(z.object({ repository: z.string(), digest: z.string() }))
    .readonly()
    .meta({
      description: "The manifests that the report is of",
    }),
  scanner: z.string(),
  finishedAt: z.string().meta({ description: "When the scan ended" }),
  findings: z.number().int().meta({ description: "How many were kept" }),
});

export const Accepted = z.object({ accepted: z.boolean() });

export const Health = z.object({
  status: z.enum(["ok", "degraded", "starting", "draining"]),
  reason: z.string().optional(),
  version: z.string().optional(),
  executors: z.number().optional(),
  journal: z
    .object({
      sequence: z.number(),
      hash: z.string(),
      verified: z
        .object({ sequence: z.number(), at: Timestamp })
        .optional()
        .meta({ description: "Up to which entry the whole chain was verified, and when; absent before it was" }),
      broken: z
        .object({ sequence: z.number(), message: z.string() })
        .optional()
        .meta({ description: "The first entry that is damaged or missing" }),
    })
    .optional(),
  sources: z.array(SourceHealth).optional(),
  queues: z
    .array(z.object({ name: z.string(), failing: z.boolean() }))
    .optional()
    .meta({ description: "Whether the last attempt to take each queue's events failed" }),
  followers: z
    .array(z.object({ name: z.string(), kind: z.string(), failing: z.boolean(), behind: z.number() }))
    .optional()
    .meta({
      description:
        "Where the journal is delivered: whether the last delivery failed, and how many entries were not looked at yet",
    }),
  judging: z
    .object({ due: z.number(), late: z.number() })
    .optional()
    .meta({ description: "Images that wait for their checks, and those that have waited for longer than a minute" }),
  replica: z
    .object({
      name: z.string(),
      leading: z.boolean().meta({ description: "Whether it scans, judges what falls due and delivers the journal" }),
      leader: z
        .string()
        .optional()
        .meta({ description: "Which replica does, as of the last time that the store was asked" }),
      age: z
        .number()
        .meta({ description: "Seconds for which the store could not be read; 0 while answers are current" }),
    })
    .optional()
    .meta({ description: "Where several services share a store" }),
});
export const Liveness = z.object({ status: z.literal("ok") });
export const Readiness = z.object({ status: z.enum(["ok", "starting", "draining"]), reason: z.string().optional() });

export const ExecutorEvent = z
  .object({
    type: z.string(),
    image: z.string().optional().meta({ description: "Absent when no image of this type can be used any more" }),
    version: z.string().optional(),
    journal: z
      .string()
      .optional()
      .meta({
        description:
          "Where several services share a store: how far their journal was. An answer whose `X-Executor-Journal` has a lower number after " +
          "the same dash comes from a replica that does not have the change yet: ask again",
      }),
  })
  .meta({ id: "ExecutorEvent", description: "The data of an `executor` event" });

export const EventAccepted = z.object({ accepted: z.number().meta({ description: "Repositories to be looked at" }) });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string().optional(),
    verdicts: z
      .array(Verdict.pick({ check: true, state: true, reason: true, code: true }))
      .optional()
      .meta({ description: "For `version-not-admitted`: what the checks say of the image" }),
    nearMisses: z.array(z.string()).optional(),
    knownTypes: z.array(z.string()).optional(),
    incomplete: z.array(z.string()).optional().meta({
      description: "What could not be read, a sentence each: what was asked for may be there",
    }),
  })
  .meta({ id: "Problem", description: "RFC 9457" });
