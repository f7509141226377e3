import {
  ExecutorRegistryError,
  type ImageReference,
  InvalidReferenceError,
  isExecutorType,
  parseDigest,
  parseReference,
} from "@executor-registry/resolver";
import { type Need, parseNeeds } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { CHANGE_KINDS } from "../model/change.ts";
import { Executor } from "./schemas.ts";

// The parameters of paths and queries: checked where they come in, and printed into the OpenAPI document.

const NAME = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const TypeName = z
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
    pattern: `^${NAME}$`,
  });
const Limit = z.coerce.number().int().min(1).max(1000);
const Moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
/** Members of an executor's document, separated by commas. */
const Fields = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(Executor.keyof()).min(1))
  .meta({
    description: "Only these members of each executor, separated by commas: image,version",
    pattern: `^(?:${Executor.keyof().options.join("|")})(?:,(?:${Executor.keyof().options.join("|")}))*$`,
  });

const Capability = z.string().meta({
  minLength: 1,
  maxLength: 63,
  pattern: `^${NAME}(?:(?:>=|<=|>|<|=)[0-9]{1,9}(?:\\.[0-9]{1,9}){0,5})?$`,
  examples: ["pytorch", "cuda>=12"],
});
/** What is given once is a text. */
const Capabilities = z
  .preprocess((given) => (typeof given === "string" ? [given] : given), z.array(Capability).min(1).max(32))
  .transform((texts, context): readonly Need[] => {
    try {
      return parseNeeds(texts);
    } catch (error) {
      if (!(error instanceof ExecutorRegistryError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

export const TypeParams = z.object({ type: TypeName });

export const ImageDigest = z
  .string()
  .regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, "expected a digest: sha256: and 64 characters of 0-9 and a-f")
  .transform((text) => parseDigest(text))
  .meta({ description: "An image's digest", examples: [`sha256:${"0".repeat(64)}`] });

export const VersionParams = TypeParams.extend({ digest: ImageDigest });

export const ExecutorsQuery = z.strictObject({
  capability: Capabilities.optional().meta({
    description:
      "Only executors that can do this: `pytorch`, or with a version `cuda>=12`; given several times, all of it",
  }),
  fields: Fields.optional(),
  limit: Limit.optional(),
  after: TypeName.optional().meta({ description: "Only types that come after this one" }),
});

export const ExecutorQuery = z.strictObject({
  subject: z.string().min(1).max(256).optional().meta({
    description: "A run id or tenant that should always see one version. Accepted; rollouts will use it.",
  }),
  fields: Fields.optional(),
});

export const VersionsQuery = z.strictObject({
  state: z.enum(["admitted", "rejected", "pending", "withdrawn"]).optional(),
  limit: Limit.default(100),
  offset: z.coerce.number().int().min(0).default(0),
});

export const WhyQuery = z.strictObject({
  image: z
    .string()
    .regex(
      /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/,
      "expected a tag or a digest",
    )
    .optional()
    .meta({ description: "A tag or a digest; the type itself is explained when absent" }),
});

const Wait = z.enum(["true", "false"]).default("false");

export const RevalidateQuery = z.strictObject({ wait: Wait });

export const PolicyTestQuery = z.strictObject({
  image: z
    .string()
    .max(600)
    .transform(referenceOf)
    .meta({
      description: "An image reference in a repository that a source of the configuration covers",
      examples: ["registry.example.com/team/executor-ml:1.2.3"],
    }),
  type: TypeName.optional().meta({ description: "The type to test it for; when absent those that its names mean" }),
});

function referenceOf(text: string, context: z.RefinementCtx<string>): ImageReference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
}

export const RefreshQuery = z.strictObject({
  type: TypeName.optional(),
  wait: Wait,
});

export const JournalQuery = z.strictObject({
  type: TypeName.optional(),
  kind: z.enum(CHANGE_KINDS).optional(),
  actor: z.string().min(1).max(256).optional(),
  from: Moment.optional().meta({ description: "Inclusive" }),
  until: Moment.optional().meta({ description: "Exclusive" }),
  repository: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .meta({
      description: "Only changes of images in this repository",
      examples: ["registry.example.com/team/executor-ml"],
    }),
  digest: z.string().min(1).max(256).optional().meta({ description: "Only changes of the image with this digest" }),
  before: z.coerce.number().int().min(1).optional().meta({ description: "Only entries before this sequence number" }),
  after: z.coerce.number().int().min(0).optional().meta({
    description: "Only entries after this sequence number, and these oldest first",
  }),
  limit: z.coerce.number().int().min(1).optional().meta({
    description: "Of JSON 100 when absent, and 1000 at most; of other formats all that match when absent",
  }),
  format: z.enum(["json", "ndjson", "csv"]).optional().meta({
    description: "How to write the entries; the header `Accept` decides when absent",
  }),
});

export const CheckpointsQuery = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: "Only checkpoints in entries before this one" }),
  limit: Limit.default(100),
});

// An empty part is a name that the configuration does not have, or a token that is wrong.
const name = z.string().meta({ description: "The webhook's name in the configuration" });
export const WebhookParams = z.object({ name });
export const WebhookTokenParams = z.object({ name, token: z.string() });
