import { silentLogger } from "@executor-registry/resolver";
import { type ArtifactRegistryDouble, GOOGLE_PROJECT } from "../../../../../../testing/artifact-registry-double.ts";
import { manualClock } from "../../../../../../testing/manual-clock.ts";
import { createNaming } from "../../../model/naming.ts";
import { createRegistryClient } from "../../../oci/read/client.ts";
import { type ArtifactRegistrySourceOptions, createArtifactRegistrySource } from "../artifact-registry.ts";
import type { ImageSource } from "../../image-source.ts";

/** A source of a double of Artifact Registry, whose registries all answer at one address. */
export function artifactRegistrySource(
  double: ArtifactRegistryDouble,
  options: Partial<ArtifactRegistrySourceOptions> = {},
): ImageSource {
  const { clock = manualClock() } = options;
  return createArtifactRegistrySource({
    name: "artifacts",
    project: GOOGLE_PROJECT,
    locations: ["europe-west4"],
    repositories: ["**"],
    naming: createNaming({ template: "executor-{type}" }),
    endpoint: double.endpoint,
    token: () => Promise.resolve(double.token),
    pacing: { concurrency: 16, rate: Infinity },
    clientOf: (_host, credentials) =>
      createRegistryClient({ host: double.registryHost, insecure: true, credentials, clock }),
    clock,
    random: () => 0.5,
    log: silentLogger,
    ...options,
  });
}
