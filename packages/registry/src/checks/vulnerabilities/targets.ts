import { type Digest, type Repository } from "@executor-registry/resolver";
import type { Image } from "../../model/image.ts";
import { isImageType, isIndexType } from "../../model/media-types.ts";
import type { Manifest } from "../../oci/read/registry.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";

/** One manifest that has to have been scanned. */
export interface Target {
  readonly repository: Repository;
  /** What is handed out: the manifest itself, or the index that names it. */
  readonly image: Digest;
  readonly digest: Digest;
  /** Of an index only, where it says so. */
  readonly platform?: string;
  readonly reader: RepositoryReader;
}

/** Images of one index that are asked for. */
const MAX_CHILDREN = 32;

/**
 * The manifests that a container may be started from: of an index all images in it, since scanners look at these alone, while tags name the
 * index.
 * @throws RegistryError where it cannot be read
 * @returns why there are none: an index that names no image, too many, or another index
 */
export async function scanTargets(
  image: Image,
  reader: RepositoryReader,
  signal: AbortSignal,
): Promise<readonly Target[] | string> {
  const { repository } = image;
  const whole: Target = { repository, image: image.digest, digest: image.digest, reader };
  if (image.details !== undefined && isImageType(image.details.mediaType)) return [whole];
  const manifest = await reader.manifest(image.digest, signal);
  if (manifest.form === "image") return [whole];
  const children = runnable(manifest);
  if (children.some(({ mediaType }) => isIndexType(mediaType)))
    return "it is an index with another index in it, of which no provider has scans. Push a plain index";
  if (children.length === 0) return "it is an index that names no image";
  if (children.length > MAX_CHILDREN)
    return `it is an index of ${children.length} images; at most ${MAX_CHILDREN} are looked at`;
  const unique = new Map(children.map((child) => [child.digest, child]));
  return [...unique.values()].map(({ digest, platform }) => ({
    ...whole,
    digest,
    ...(platform && { platform: [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/") }),
  }));
}

/**
 * Whatever a runtime may choose. That a child calls itself an attestation by an annotation, or an image by another type, does not keep every
 * runtime from it; that it is of no known platform does.
 */
function runnable({ manifests }: Manifest & { readonly form: "index" }) {
  return manifests.filter(
    ({ mediaType, platform }) =>
      (isImageType(mediaType) || isIndexType(mediaType) || platform !== undefined) &&
      !(platform?.os === "unknown" && platform.architecture === "unknown"),
  );
}

/** The digest of a target's configuration, which scanners call the image's ID. */
export async function configurationOf({ digest, reader }: Target, signal: AbortSignal): Promise<Digest | undefined> {
  const manifest = await reader.manifest(digest, signal);
  return manifest.form === "image" ? manifest.config.digest : undefined;
}
