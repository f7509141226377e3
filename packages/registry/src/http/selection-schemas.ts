import { z } from "zod";
import { WrittenVersionPolicy } from "../policies/settings.ts";
import { DecidedBy, DigestText, PinMembers, Timestamp } from "./schemas.ts";
import { PolicySummary } from "./why-schemas.ts";

// The documents about what decides which version is current, as the OpenAPI document prints them. Their types are the contract's.

const Named = z.object({ image: z.string(), digest: DigestText, version: z.string() });

const VersionRef = Named.extend({ decidedBy: DecidedBy, reason: z.string() }).meta({ id: "VersionRef" });

const Pin = Named.extend({
  type: z.string(),
  ...PinMembers.shape,
  state: z.enum(["in-force", "invalid"]),
  problem: z.string().optional().meta({
    description: "Why it is not answered, or what fails of an image that is answered all the same",
  }),
  policyWouldChoose: VersionRef.optional(),
}).meta({ id: "Pin" });

export const PinAnswer = z.discriminatedUnion("pinned", [
  Pin.extend({ pinned: z.literal(true) }),
  z.object({ type: z.string(), pinned: z.literal(false) }),
]);

const Denial = z
  .object({
    id: z.number().meta({ description: "0 for the configuration's, which are taken away there" }),
    version: z.string().optional(),
    digest: z.string().optional(),
    pattern: z
      .string()
      .optional()
      .meta({ description: "RE2 syntax; keeps out what has a tag in which it finds something" }),
    reason: z.string(),
    by: z.string(),
    since: z.string(),
    until: Timestamp.optional(),
    from: z.enum(["configuration", "operator"]),
  })
  .meta({ id: "Denial" });

export const Denials = z.object({ type: z.string(), denials: z.array(Denial) });

export const SelectionChange = z
  .object({
    type: z.string(),
    outcome: z.enum(["changed", "unchanged"]).meta({
      description: "`unchanged`: it is already as it was asked for, and nothing was written down",
    }),
    dryRun: z.literal(true).optional().meta({ description: "Nothing was written down" }),
    message: z.string().meta({ description: "What was done, to follow the type's name" }),
    before: VersionRef.optional().meta({ description: "What the type was answered with" }),
    after: VersionRef.optional(),
    affected: z.number().meta({ description: "How many types are answered with another version" }),
    pin: Pin.optional(),
    denial: Denial.optional(),
  })
  .meta({ id: "SelectionChange" });

const Revision = Named.extend({
  revision: z.number().meta({ description: "1, 2, 3, … of each type" }),
  since: Timestamp,
  decidedBy: DecidedBy,
  reason: z.string(),
  by: z.string(),
}).meta({ id: "Revision" });

export const History = z.object({
  type: z.string(),
  revisions: z.array(Revision).meta({ description: "Newest first" }),
  total: z.number(),
});

const Drop = z
  .object({
    code: z.string().meta({ description: "Such as prerelease or out-of-range" }),
    count: z.number(),
    examples: z.array(z.string()).meta({ description: "Some of the tags, at most 3" }),
  })
  .meta({ id: "Drop" });

const Origin = z.enum(["configuration", "operator", "default"]);

export const VersionPolicyReport = z.object({
  type: z.string(),
  policy: PolicySummary,
  from: Origin,
  evaluation: z.object({
    pick: Named.optional(),
    runnerUp: Named.optional(),
    reason: z.string(),
    candidates: z.number(),
    images: z.number().meta({ description: "How many were looked at" }),
    drops: z.array(Drop).meta({ description: "What was passed over, counted by reason" }),
    warnings: z.array(z.string()),
  }),
  current: VersionRef.optional(),
  condition: z.enum(["NoMatch", "TagGone"]).optional().meta({
    description: "The policy has no pick and the last answer stays, or what is current lost its tag and is held",
  }),
});

export const PolicyChange = z.object({
  outcome: z.enum(["changed", "unchanged"]),
  dryRun: z.literal(true).optional(),
  affected: z.number().meta({ description: "How many types are answered with another version" }),
  unchanged: z.number(),
  changes: z
    .array(
      z.object({
        type: z.string(),
        before: VersionRef.optional(),
        after: VersionRef.optional(),
        candidates: z.number(),
        drops: z.array(Drop),
      }),
    )
    .meta({ description: "The affected types first, at most 100" }),
});

export const Policies = z.object({
  from: Origin,
  policies: z.array(WrittenVersionPolicy).meta({
    description: "As `versions.policies` in the configuration has them",
  }),
  summary: z.array(z.string()),
  by: z.string().optional().meta({ description: "Who set them, where an operator did" }),
  since: Timestamp.optional(),
  reason: z.string().optional(),
});
