import { isKeyName } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { CheckpointSettings } from "./checkpoints.ts";

/** What becomes of the journal besides being kept. */
export const AuditSettings = z.strictObject({
  origin: z
    .string()
    .refine(isKeyName, "expected a name without blanks and plus signs, such as registry.example.com/production")
    .default("executor-registry")
    .meta({ description: "Whose journal it is, in checkpoints: another name for each service that signs" }),
  checkpoints: CheckpointSettings.optional(),
});
