import { type ImageDetails, isDescribed } from "../model/image.ts";
import { isConfigType, isGeneralType } from "../oci/read/media-types.ts";
import type { Check } from "./check.ts";

/** The check's name, as in its verdicts. */
const RUNNABLE = "runnable";

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

/** Why no container can be started from it; `undefined` where nothing says so. */
function obstacle(details: ImageDetails): string | undefined {
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

/** Whether a container may be started from an image, by all that is known of it. */
export const isRunnable = (details: ImageDetails | undefined): boolean =>
  details === undefined || obstacle(details) === undefined;

/**
 * Lets in only what a container can be started from, by the media type of the configuration, as container runtimes do. Build caches,
 * Helm charts and other artifacts are as readable as images, and lie next to them under the same names.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 */
export const runnableCheck: Check = {
  name: RUNNABLE,
  async judge({ details }) {
    const why = details && obstacle(details);
    if (why !== undefined) {
      return { check: RUNNABLE, state: "failed", reason: `${why}: no container can be started from it` };
    }
    const reason = isDescribed(details)
      ? "it is a container image"
      : "nothing speaks against it; what its manifest holds has not been read yet";
    return { check: RUNNABLE, state: "passed", reason };
  },
};
