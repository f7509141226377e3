import { z } from "zod";
import { RoleArn } from "../../../sources/ecr/kind.ts";
import { Project } from "../../../sources/google/kind.ts";
import { Endpoint } from "../../../sources/source-kind.ts";
import { type Kind, type KindSchema, tableOf } from "../../../settings/kinds.ts";
import { Secret } from "../../../settings/secret.ts";
import { authoritySettings } from "../../signature/authorities.ts";
import { trustOf } from "../../signature/signers.ts";
import { trustSettings } from "../../signature/trusted-root.ts";
import { createArtifactAnalysis } from "./artifact-analysis.ts";
import { needsSigners } from "../signed-statements.ts";
import { createSignedScans } from "./attached.ts";
import { createEcrScans } from "./ecr.ts";
import { createHarborScans } from "./harbor.ts";
import { createPostedScans } from "./posted.ts";
import type { ProviderContext, ReportProvider } from "./provider.ts";
import { createAttachedScans } from "./trivy.ts";

/** Checks a kind by its own types. */
const providerKind = <Schema extends KindSchema>(
  kind: Kind<Schema, ProviderContext, ReportProvider>,
): Kind<Schema, ProviderContext, ReportProvider> => kind;

const ecrScansKind = providerKind({
  schema: z.strictObject({
    kind: z.literal("ecr").meta({ description: "Scans of Amazon ECR, basic and enhanced (Inspector)" }),
    roleArn: RoleArn,
    endpoint: Endpoint,
  }),
  make: ({ roleArn, endpoint }, context) =>
    createEcrScans({
      ...context,
      ...(roleArn !== undefined && { roleArn }),
      ...(endpoint !== undefined && { endpoint }),
    }),
});

const artifactAnalysisKind = providerKind({
  schema: z.strictObject({
    kind: z.literal("artifact-analysis").meta({ description: "Google's Artifact Analysis (Container Analysis)" }),
    project: Project.optional().meta({
      description: "The project whose occurrences are read; the one in the image's name when absent",
    }),
    endpoint: Endpoint,
  }),
  make: ({ project, endpoint }, context) =>
    createArtifactAnalysis({
      ...context,
      ...(project !== undefined && { project }),
      ...(endpoint !== undefined && { endpoint }),
    }),
});

const harborScansKind = providerKind({
  schema: z.strictObject({
    kind: z.literal("harbor").meta({ description: "Scans by Harbor's scanner" }),
    username: z
      .string()
      .min(1)
      .meta({ description: "Of a robot account that may read artifacts and their additions: `robot$NAME`" }),
    password: Secret,
    endpoint: Endpoint,
  }),
  make: ({ username, password, endpoint }) =>
    createHarborScans({ username, password, ...(endpoint !== undefined && { endpoint }) }),
});

/** As `trivy referrer put` has it, which other files may have too. */
const ARTIFACT_TYPES = ["application/json"];

/** Trivy's server analyses no images by itself: its clients do, and what they find is what can be read. */
const trivyKind = providerKind({
  schema: z.strictObject({
    kind: z.literal("trivy").meta({
      description:
        "Reports in the image's repository that refer to it, unsigned: Trivy's or Grype's JSON, or cosign's predicate around one, as " +
        "`trivy referrer put` and `oras attach` put them there. Anyone with the right to push to the repository can vouch for its images",
    }),
    artifactTypes: z.array(z.string().min(1)).min(1).default(ARTIFACT_TYPES).meta({
      description: "Artifact types that reports are attached as",
    }),
  }),
  make: ({ artifactTypes }) => createAttachedScans(artifactTypes),
});

const attachedKind = providerKind({
  schema: z
    .strictObject({
      kind: z.literal("attached").meta({
        description:
          "Reports that one of these signers attached to the image, as `cosign attest --type vuln` does, of Trivy's or Grype's JSON. " +
          "They should not be those that sign the image",
      }),
      ...authoritySettings,
      ...trustSettings,
    })
    .superRefine(needsSigners),
  make: (settings, { clock }) => createSignedScans(trustOf(settings, { clock })),
});

const postedKind = providerKind({
  schema: z.strictObject({
    kind: z.literal("posted").meta({
      description:
        "Reports that an operator's token posted to `/executors/{type}/versions/{digest}/report`, as a build does after its scan",
    }),
  }),
  make: (_, context) => createPostedScans(context),
});

/** The providers. A new one is added here, and has a file of its own. */
export const PROVIDERS = tableOf([
  ecrScansKind,
  artifactAnalysisKind,
  harborScansKind,
  trivyKind,
  attachedKind,
  postedKind,
]);
