import type { CatalogueImage } from "./state.ts";
import { compareVersionTags, versionTag } from "./version-tag.ts";

/** Builds that strip times set 1970 or 1980; nothing older than registries is believed. */
const FIRST_BELIEVED = Date.parse("2013-01-01T00:00:00Z");

/**
 * When an image came to be: received by its registry, where that is told; else built, by its own account, where that is
 * believable; else first seen.
 */
export function timeOf(image: CatalogueImage): { readonly at: string; readonly by: "pushed" | "created" | "found" } {
  if (image.pushed !== undefined) return { at: image.pushed, by: "pushed" };
  const { created } = image.details ?? {};
  if (created !== undefined && Date.parse(created) >= FIRST_BELIEVED) return { at: created, by: "created" };
  return { at: image.found, by: "found" };
}

/** Positive when `a` is newer. Ties are decided by the higher version in the tags, then by the digest: never by chance. */
export function compareNewest(a: CatalogueImage, b: CatalogueImage): number {
  return (
    Date.parse(timeOf(a).at) - Date.parse(timeOf(b).at) ||
    compareVersionTags(versionTag(a.tags), versionTag(b.tags)) ||
    (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0)
  );
}
