import { z } from "zod";
import { Endpoint, pacingOf, polling, Repositories, requests, scannedKind } from "../source-kind.ts";
import { createArtifactRegistrySource } from "./artifact-registry.ts";

export const Project = z
  .string()
  .regex(/^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "expected a project's ID, not its number");

const settings = z.strictObject({
  ...polling,
  kind: z.literal("artifact-registry"),
  project: Project.meta({ description: "The project's ID" }),
  locations: z
    .array(z.string().regex(/^[a-z]+(?:-[a-z]+\d+)?$/, "expected a location, such as europe-west4 or europe"))
    .min(1)
    .meta({
      description:
        "In the order of preference. `gcr.io` and `us.gcr.io` are in `us`, `eu.gcr.io` in `europe`, `asia.gcr.io` in `asia`",
    }),
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

/** Google's Artifact Registry. */
export const artifactRegistryKind = scannedKind({
  schema: settings,
  make: ({ name, project, locations, repositories, endpoint, requests }, { naming, clock, random, log }) =>
    createArtifactRegistrySource({
      name,
      project,
      locations,
      repositories,
      pacing: pacingOf(requests),
      ...(endpoint !== undefined && { endpoint }),
      naming,
      clock,
      random,
      log,
    }),
});
