import type { Candidate } from "@executor-registry/resolver";
import type { VersionsPage } from "@executor-registry/resolver/internal";
import { versionDocument } from "../choice/document.ts";
import type { CatalogueImage, ImageState } from "../catalogue/state.ts";
import type { TypeView } from "../choice/type-view.ts";
import { type Answer, json } from "./operation.ts";

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
  known: TypeView | undefined,
  candidates: readonly Candidate[] | undefined,
  { state, limit, offset }: VersionsQuery,
): Answer<"json"> {
  const isCurrent = (image: CatalogueImage): boolean =>
    candidates === undefined && known !== undefined && known.isCurrent(image);
  const images = known?.images(state) ?? [];
  const versions = images
    .slice(offset, offset + limit)
    .map((image) => versionDocument(image, isCurrent(image), { type, profile: known?.profile }));
  // Nothing is known of what could not be read: it has no state and no place in the order.
  const { unread, total: unreadTotal } = known?.unread() ?? { unread: [], total: 0 };
  const page: VersionsPage = {
    type,
    total: images.length,
    versions,
    ...(unread.length > 0 && offset === 0 && { unread, unreadTotal }),
    ...(candidates && { candidates }),
  };
  if (offset + limit >= images.length) return json(page);
  const next = new URLSearchParams({ ...(state && { state }), limit: String(limit), offset: String(offset + limit) });
  return json(page, 200, { link: `</executors/${type}/versions?${next.toString()}>; rel="next"` });
}
