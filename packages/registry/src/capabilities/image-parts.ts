import { type Digest, type Repository } from "@executor-registry/resolver";
import { isImageType, isIndexType } from "../model/media-types.ts";
import { platformName } from "../oci/wire/loose.ts";
import type { Descriptor, Manifest } from "../oci/read/registry.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";

/** An image of one platform: its manifest, or that of an index. */
export interface PlatformPart {
  readonly digest: Digest;
  readonly manifest: Manifest & { readonly form: "image" };
  /** By the index, where it says so. */
  readonly platform?: string;
}

/** What an image is made of, as far as it is looked at. */
export interface ImageParts {
  readonly repository: Repository;
  readonly digest: Digest;
  /** Whether it is an index, so that something may be attached to it and to what it names. */
  readonly isIndex: boolean;
  readonly platforms: readonly PlatformPart[];
  /** BuildKit's, among an index's children: about one of these. */
  readonly attestations: readonly { readonly digest: Digest; readonly about: Digest }[];
  /** Images of the index that are not looked at. */
  readonly left: number;
}

/** Images of one index that are looked at. */
const MAX_PLATFORMS = 8;
/** Indexes of one index that are looked into, and no further. */
const NESTED = 4;
/** @see https://github.com/moby/buildkit/blob/v0.25.0/docs/attestations/attestation-storage.md */
const REFERENCE_TYPE = "vnd.docker.reference.type";
const REFERENCE_DIGEST = "vnd.docker.reference.digest";

/** @throws RegistryError where it, or an image that it names, cannot be read */
export async function readParts(
  repository: Repository,
  digest: Digest,
  reader: RepositoryReader,
  signal: AbortSignal,
): Promise<ImageParts> {
  const whole = await reader.manifest(digest, signal);
  if (whole.form === "image")
    return { repository, digest, isIndex: false, platforms: [{ digest, manifest: whole }], attestations: [], left: 0 };
  const children = [...whole.manifests];
  for (const child of whole.manifests.filter(({ mediaType }) => isIndexType(mediaType)).slice(0, NESTED)) {
    const nested = await reader.manifest(child.digest, signal);
    if (nested.form === "index") children.push(...nested.manifests);
  }
  const images = unique(children.filter((child) => isImageType(child.mediaType) && !isAttestation(child)));
  const platforms: PlatformPart[] = [];
  for (const child of images.slice(0, MAX_PLATFORMS)) {
    const manifest = await reader.manifest(child.digest, signal);
    const { os, architecture, variant } = child.platform ?? {};
    const platform = platformName(os, architecture, variant);
    if (manifest.form === "image")
      platforms.push({ digest: child.digest, manifest, ...(platform !== undefined && { platform }) });
  }
  const meant = new Map<string, Digest>(platforms.map((part) => [part.digest, part.digest]));
  const attestations = unique(children.filter(isAttestation)).flatMap((child) => {
    const about = meant.get(child.annotations[REFERENCE_DIGEST] ?? "");
    return about === undefined ? [] : [{ digest: child.digest, about }];
  });
  return { repository, digest, isIndex: true, platforms, attestations, left: images.length - platforms.length };
}

const isAttestation = ({ annotations, platform }: Descriptor): boolean =>
  annotations[REFERENCE_TYPE] !== undefined || platform?.os === "unknown";

const unique = (all: readonly Descriptor[]): readonly Descriptor[] => [
  ...new Map(all.map((one) => [one.digest, one])).values(),
];
