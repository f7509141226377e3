import type { Candidate } from "@executor-registry/resolver";
import { currentOf } from "../catalogue/current.ts";
import { versionDocument } from "../catalogue/document.ts";
import { compareNewest } from "../catalogue/newest.ts";
import type { CatalogueType, ImageState } from "../catalogue/state.ts";
import { json, type Answer } from "./route.ts";

interface VersionsQuery {
  readonly state?: ImageState | undefined;
  readonly limit: number;
  readonly offset: number;
}

/**
 * A page of a type's images, newest first.
 * @param known what the catalogue has of it
 * @param candidates what a cluster has of it, where it is answered from there
 */
export function listVersions(
  type: string,
  known: CatalogueType | undefined,
  candidates: readonly Candidate[] | undefined,
  { state, limit, offset }: VersionsQuery,
): Answer {
  const current = candidates === undefined && known ? currentOf(known)?.image : undefined;
  const images = [...(known?.images ?? [])]
    .filter((image) => state === undefined || image.state === state)
    .sort((a, b) => compareNewest(b, a));
  const versions = images.slice(offset, offset + limit).map((image) => versionDocument(image, image === current));
  const body = { type, total: images.length, versions, ...(candidates && { candidates }) };
  if (offset + limit >= images.length) return json(body);
  const next = new URLSearchParams({ ...(state && { state }), limit: String(limit), offset: String(offset + limit) });
  return json(body, 200, { link: `</executors/${type}/versions?${next.toString()}>; rel="next"` });
}
