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

/** Whose an executor is. */
export const ownership = {
  owner: z.string().optional().meta({
    description:
      "Whom the configuration names; else of the policy that approved the repository; where none approves, label executor-registry.dev/owner",
  }),
  ownerFrom: z.enum(["configuration", "policy", "label"]).optional().meta({ description: "Who says so" }),
};

const Text = z.object({ text: z.string(), from: z.enum(["configuration", "label"]) });

export const Display = z
  .object({
    name: Text.optional(),
    description: Text.optional(),
    documentation: Text.optional().meta({ description: "A URL" }),
    source: Text.optional().meta({ description: "URL of the source code" }),
  })
  .meta({
    id: "Display",
    description:
      "What people are shown of the type: of the configuration, else of the image's labels org.opencontainers.image.*",
  });
