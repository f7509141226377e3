import { isKeyName } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { CheckpointSettings } from "./checkpoints.ts";
import { ForwardConfig } from "./followers.ts";

/** What becomes of the journal besides being kept. */
export const AuditSettings = z.strictObject({
  origin: z
    .string()
    .refine(isKeyName, "expected a name without blanks and plus signs, such as registry.example.com/production")
    .default("executor-registry")
    .meta({
      description: "Whose journal it is, in checkpoints and notifications: another name for each service that signs",
    }),
  checkpoints: CheckpointSettings.optional(),
  forward: z.array(ForwardConfig).default([]).meta({
    description: "Where every entry of the journal goes too, at least once and in order, from the first one on",
  }),
});
