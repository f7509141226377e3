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

/** A page of a type's images, newest first. */
export function listVersions(type: CatalogueType, { state, limit, offset }: VersionsQuery): Answer {
  const current = currentOf(type)?.image;
  const images = [...type.images.values()]
    .filter((image) => state === undefined || image.state === state)
    .sort((a, b) => compareNewest(b, a));
  const versions = images.slice(offset, offset + limit).map((image) => versionDocument(image, image === current));
  const body = { type: type.type, total: images.length, versions };
  if (offset + limit >= images.length) return json(body);
  const next = new URLSearchParams({ ...(state && { state }), limit: String(limit), offset: String(offset + limit) });
  return json(body, 200, { link: `</executors/${type.type}/versions?${next.toString()}>; rel="next"` });
}
