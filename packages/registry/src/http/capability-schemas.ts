import { z } from "zod";

const Capability = z
  .object({
    name: z.string(),
    version: z
      .string()
      .optional()
      .meta({ description: "Dotted numbers, where it is known", examples: ["12.4"] }),
    from: z.enum(["configuration", "label", "sbom", "environment", "platform"]),
    evidence: z.string().meta({ examples: ["pkg:pypi/torch@2.4.0+cu124"] }),
  })
  .meta({ id: "Capability" });

/** What documents say that an image can do. */
export const capabilities = {
  capabilities: z.array(z.string()).meta({ description: "By its labels and by what was found, sorted" }),
  capabilityDetails: z.array(Capability).optional().meta({ description: "The same with versions and evidence" }),
  capabilitiesIncomplete: z.string().optional().meta({
    description: "Why it may be able to do more: what was not looked at, or could not be read",
  }),
};
