import { z } from "zod";
import { Executor, SourceHealth, UnreadTag, Version } from "./schemas.ts";

export const PolicySummary = z
  .object({
    name: z.string().meta({ description: "Empty for the default" }),
    kind: z.string(),
    summary: z.string(),
  })
  .meta({ id: "VersionPolicy", description: "What decides which version is current" });

const Explained = Version.extend({
  why: z.string(),
  drop: z
    .object({ code: z.string(), detail: z.string() })
    .optional()
    .meta({ description: "The rule of the version policy that leaves it out" }),
  beatenBy: Executor.pick({ image: true, version: true, reason: true }).optional().meta({
    description: "The version that goes before it, and what decides between the two",
  }),
});

/** What became of an image or a tag, and why. Its type is the contract's. */
export const Why = z.object({
  type: z.string(),
  image: z.string().optional().meta({ description: "What was asked for; absent for the type itself" }),
  answer: z
    .enum(["current", "admitted", "rejected", "pending", "withdrawn", "unread", "unknown"])
    .meta({ description: "`admitted`: it passes, and another is the current version" }),
  reason: z.string(),
  policy: z.string().optional(),
  versionPolicy: PolicySummary.optional(),
  current: Executor.pick({ image: true, version: true, reason: true }).optional(),
  images: z.array(Explained).meta({
    description: "The images that are meant, the one that the answer is about first; at most 10",
  }),
  unread: z.array(UnreadTag).meta({ description: "Tags that are meant and could not be read, at most 20" }),
  otherTypes: z.array(z.string()).meta({ description: "Other types that have this image, at most 20" }),
  sources: z
    .array(
      SourceHealth.pick({ name: true, state: true, completed: true, attempted: true, problem: true }).extend({
        repositories: z.array(z.string()).meta({
          description: "Its repositories that hold the type, as far as they were looked at; at most 20",
        }),
      }),
    )
    .meta({ description: "Where images are looked for" }),
});
