import type { CatalogueImage } from "../catalogue/state.ts";
import type { Field } from "./ordering.ts";
import { compareSemver, type SemverKey, semverKey, semverOf } from "./semver-version.ts";

/** A tag with its version, of an image all of whose tags are versions; its highest one that is no pre-release. */
interface Release {
  readonly tag: string;
  readonly key: SemverKey;
}

/** Whether all of an image's tags are versions, and which is the highest. */
const read = new WeakMap<CatalogueImage, { readonly isVersioned: boolean; readonly release?: Release }>();

/**
 * Of types for which nothing is configured: where all tags but `latest` are versions and the newest image is not the highest version, which
 * of the two is meant is for a person to say.
 */
export function semverHint({ best, all }: Field<unknown>): readonly string[] {
  let highest: Release | undefined;
  for (const { image } of all) {
    const { isVersioned, release } = releaseOf(image);
    if (!isVersioned) return [];
    if (release && (highest === undefined || compareSemver(release.key, highest.key) > 0)) highest = release;
  }
  const own = releaseOf(best.image).release;
  if (highest === undefined || (own !== undefined && compareSemver(own.key, highest.key) === 0)) return [];
  return [
    `every tag is a version, and ${highest.tag} is higher than ${best.tag}, which is newer; name the type in versions.policies, with the kind semver or newest, to say which is meant`,
  ];
}

function releaseOf(image: CatalogueImage) {
  let known = read.get(image);
  if (known === undefined) read.set(image, (known = readRelease(image)));
  return known;
}

function readRelease({ tags }: CatalogueImage): { readonly isVersioned: boolean; readonly release?: Release } {
  let release: Release | undefined;
  let versions = 0;
  for (const tag of tags) {
    if (tag === "latest") continue;
    const version = semverOf(tag, { loose: false });
    if (version === undefined) return { isVersioned: false };
    versions += 1;
    if (version.prerelease.length > 0) continue;
    const key = semverKey(version);
    if (release === undefined || compareSemver(key, release.key) > 0) release = { tag, key };
  }
  return { isVersioned: versions > 0, ...(release && { release }) };
}
