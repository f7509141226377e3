import type { ImageDetails } from "./image.ts";
import { isConfigType, isGeneralType } from "./media-types.ts";

/** The configuration of artifacts that need none. */
const EMPTY = "application/vnd.oci.empty.v1+json";

/** What people push next to images under the same name. */
const KNOWN: readonly (readonly [prefix: string, what: string])[] = [
  ["application/vnd.buildkit.cacheconfig.", "a build cache"],
  ["application/vnd.cncf.helm.", "a Helm chart"],
  ["application/vnd.cncf.artifacthub.", "metadata of Artifact Hub"],
  ["application/vnd.docker.plugin.", "a Docker plugin"],
  ["application/vnd.in-toto", "an attestation"],
  ["application/vnd.dev.cosign.", "a signature"],
  ["application/vnd.wasm.", "a WebAssembly module"],
];

/** Why no container can be started from an image; `undefined` where nothing that is known of it says so. */
export function obstacle(details: ImageDetails): string | undefined {
  const { configType, artifactType, foreignLayer, holdsImage, platforms } = details;
  if (holdsImage === false) return "it is an index without an image in it, as a build cache or attestations are";
  if (configType !== undefined && isConfigType(configType)) return foreignLayer && artifact(foreignLayer);
  // The index of a chart may name platforms too.
  if (configType === undefined && platforms.length > 0) return undefined;
  const empty = configType === undefined || configType === EMPTY || isGeneralType(configType);
  const type = empty ? (artifactType ?? foreignLayer ?? configType) : configType;
  return type && artifact(type);
}

function artifact(type: string): string {
  const what = KNOWN.find(([prefix]) => type.startsWith(prefix))?.[1] ?? "an artifact";
  return `it is ${what} (${type}), not a container image`;
}

/** Whether a container may be started from it, by all that is known of it. */
export const isRunnable = (details: ImageDetails | undefined): boolean =>
  details === undefined || obstacle(details) === undefined;
