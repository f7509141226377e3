import { isDescribed } from "../model/image.ts";
import { obstacle } from "../model/runnable.ts";
import { type Check, fingerprintOf } from "./check.ts";

/**
 * Lets in only what a container can be started from, by the media type of the configuration, as container runtimes do. Build caches,
 * Helm charts and other artifacts are as readable as images, and lie next to them under the same names.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 */
export const runnableCheck: Check = {
  name: "runnable",
  fingerprint: fingerprintOf(1),
  immediate: true,
  async judge({ image: { details } }) {
    const why = details && obstacle(details);
    if (why !== undefined) return { state: "failed", reason: `${why}: no container can be started from it` };
    const reason = isDescribed(details)
      ? "it is a container image"
      : "nothing speaks against it; what its manifest holds has not been read yet";
    return { state: "passed", reason };
  },
};
