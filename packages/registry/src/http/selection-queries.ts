import { parseDuration } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { WrittenVersionPolicy } from "../policies/settings.ts";
import { ImageDigest, TypeParams } from "./queries.ts";

// What requests about the choice of versions carry: checked where they come in, and printed into the OpenAPI document.

const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}";

const MAX_REASON = 500;
const Reason = z
  .string()
  .transform((text) => text.trim())
  .refine(
    (text) => text !== "" && text.length <= MAX_REASON && !/[\p{Cc}\u2028\u2029]/u.test(text),
    `expected why, in one line of at most ${MAX_REASON} characters`,
  )
  .meta({
    description: "Why, for the journal and for all who ask",
    minLength: 1,
    maxLength: MAX_REASON,
    pattern: "^[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$",
  });

const MIN_SPAN_MS = 1000;
const MAX_SPAN_MS = 366 * 86_400_000;
const Span = z
  .string()
  .transform((text) => parseDuration(text) ?? Number.NaN)
  .refine((ms) => ms >= MIN_SPAN_MS && ms <= MAX_SPAN_MS, "expected a duration from 1s to 366d, such as 4h or 1h30m")
  .optional()
  .meta({ description: "For how long; until it is taken away when absent", examples: ["4h"], type: "string" });

const Target = z
  .string()
  .regex(new RegExp(`^(?:${DIGEST}|${TAG})$`), "expected a version, a tag or a digest")
  .meta({ description: "A version, a tag or a digest" });

const dryRun = z.enum(["All"]).optional().meta({
  description: "`All`: everything is checked and decided, and nothing is written down",
});

export const DryRunQuery = z.strictObject({ dryRun });
export const RemovalQuery = z.strictObject({ reason: Reason, dryRun });
export const PolicyChangeQuery = z.strictObject({
  type: TypeParams.shape.type.optional().meta({ description: "Only what changes of this type; for a dry run" }),
  dryRun,
});
export const HistoryQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(100) });
export const DenialParams = TypeParams.extend({
  id: z.coerce.number().int().min(1).meta({ description: "The denial's number" }),
});

export const PinBody = z.strictObject({ to: Target, reason: Reason, for: Span });
export const RollbackBody = z.strictObject({
  reason: Reason,
  to: z.number().int().min(1).optional().meta({
    description: "A revision of the history; when absent the last version before this one that is still admitted",
  }),
  deny: z.boolean().optional().meta({ description: "Deny what is left, too" }),
  for: Span,
});
export const DenialBody = z
  .strictObject({
    version: z
      .string()
      .regex(new RegExp(`^${TAG}$`), "expected a tag")
      .optional(),
    digest: ImageDigest.optional(),
    pattern: z.string().min(1).max(512).optional().meta({
      description: "RE2 syntax; keeps out every image that has a tag in which it finds something",
    }),
    reason: Reason,
    for: Span,
  })
  .refine(
    ({ version, digest, pattern }) => [version, digest, pattern].filter((one) => one !== undefined).length === 1,
    "expected one of version, digest and pattern",
  );
export const PoliciesBody = z.strictObject({
  policies: z.array(WrittenVersionPolicy).max(100).meta({
    description: "As `versions.policies` in the configuration; the first that names a type counts",
  }),
  reason: Reason,
});
