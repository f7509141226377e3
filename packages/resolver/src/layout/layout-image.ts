import { isObject } from "../tools/json.ts";
import { parseBuildTime } from "../tools/build-time.ts";
import { join } from "node:path";
import type { Digest } from "../reference/digest.ts";
import { type ImageReference, tryParseReference } from "../reference/reference.ts";
import {
  type Descriptor,
  InvalidLayoutError,
  parseDescriptor,
  platformText,
  readBlob,
  readJson,
  textMembers,
} from "./blobs.ts";

/** An image of a layout that has a name. */
export interface LayoutImage {
  readonly reference: ImageReference;
  /** Of the manifest, or of the index of a multi-platform image. */
  readonly digest: Digest;
  /** Configuration and layers of one platform, in bytes. */
  readonly sizeBytes: number;
  /** Of the manifest, or of the index. */
  readonly mediaType: string;
  /** Media type of the configuration; of an index, that of the first image in it. Absent where an index names no image. */
  readonly configType?: string;
  /** What the manifest says it holds; artifacts say so, most images do not. */
  readonly artifactType?: string;
  /** Of an index only: whether it names any image besides attestations. */
  readonly holdsImage?: boolean;
  /** `os/architecture[/variant]`, of each platform. Empty where neither index nor configuration says. */
  readonly platforms: readonly string[];
  /** Of the first platform's configuration. */
  readonly labels: Readonly<Record<string, string>>;
  /** When it was built, milliseconds since the Unix epoch. Absent where the configuration does not say, or says 1970 or 1980. */
  readonly created?: number;
}

/** Where a tool puts an image's name; the first that is one counts. */
const NAMES = ["io.containerd.image.name", "org.opencontainers.image.ref.name"] as const;
const ATTESTATION = "vnd.docker.reference.type";
const INDEXES = new Set([
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
]);
const MANIFESTS = new Set([
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
]);
/** Configurations that a container can be started from. */
const IMAGE_CONFIGS = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);
const MAX_IMAGES = 10_000;
/** Manifests within one image's indexes: an index that names another many times is small, and means millions. */
const MAX_MANIFESTS = 1000;

/** Whether a container can be started from it: charts, caches and other artifacts lie in layouts, too. */
export function isRunnable({ configType }: LayoutImage): boolean {
  return configType !== undefined && IMAGE_CONFIGS.has(configType);
}

/** A name of a layout whose image cannot be read, and why. */
export interface UnreadableLayoutImage {
  readonly reference: ImageReference;
  readonly digest: Digest;
  readonly problem: InvalidLayoutError;
}

/** What a layout holds. */
export interface LayoutContent {
  readonly images: readonly LayoutImage[];
  readonly unreadable: readonly UnreadableLayoutImage[];
  /** The first entry of the list that names nothing, since it is no descriptor. */
  readonly malformed?: InvalidLayoutError;
}

/**
 * Reads the named images of an OCI image layout, checking each blob it looks at against its digest. An image that cannot be
 * read keeps no other from being read.
 * @param wanted which names matter; the images of others are not looked at
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 * @throws InvalidLayoutError when the folder as a whole is no layout
 */
export async function readLayout(
  directory: string,
  wanted: (reference: ImageReference) => boolean = () => true,
): Promise<LayoutContent> {
  const marker = join(directory, "oci-layout");
  const { imageLayoutVersion } = await readJson(marker);
  if (imageLayoutVersion !== "1.0.0") throw new InvalidLayoutError(marker, "its imageLayoutVersion is not 1.0.0");
  const file = join(directory, "index.json");
  const { descriptors, malformed } = manifestsOf(await readJson(file), file);
  if (descriptors.length > MAX_IMAGES) throw new InvalidLayoutError(file, `it lists more than ${MAX_IMAGES} images`);
  const images: LayoutImage[] = [];
  const unreadable: UnreadableLayoutImage[] = [];
  for (const descriptor of descriptors) {
    const { digest } = descriptor;
    const reference = nameOf(descriptor);
    if (!reference || !wanted(reference)) continue;
    try {
      images.push({ reference, digest, ...(await look(directory, descriptor)) });
    } catch (error) {
      if (!(error instanceof InvalidLayoutError)) throw error;
      unreadable.push({ reference, digest, problem: error });
    }
  }
  return { images, unreadable, ...(malformed && { malformed }) };
}

function nameOf({ annotations }: Descriptor): ImageReference | undefined {
  const names = NAMES.map((key) => tryParseReference(annotations[key] ?? ""));
  return names.find((name) => name !== undefined);
}

type Looks = Omit<LayoutImage, "reference" | "digest">;

/**
 * @param depth how many indexes within each other are followed
 * @param left how many manifests may still be looked at
 */
async function look(
  directory: string,
  descriptor: Descriptor,
  depth = 2,
  left = { manifests: MAX_MANIFESTS },
): Promise<Looks> {
  const file = `blob ${descriptor.digest}`;
  const { mediaType } = descriptor;
  const manifest = await readBlob(directory, descriptor);
  if (INDEXES.has(mediaType))
    return lookIntoIndex(directory, descriptor, manifestsOf(manifest, file).descriptors, depth, left);
  const config = parseDescriptor(manifest["config"], file);
  const layers = Array.isArray(manifest["layers"])
    ? manifest["layers"].map((layer) => parseDescriptor(layer, file))
    : [];
  const { artifactType } = manifest;
  const about = {
    mediaType,
    configType: config.mediaType,
    ...(typeof artifactType === "string" && { artifactType }),
    sizeBytes: layers.reduce((sum, { size }) => sum + size, config.size),
  };
  // What is no image's configuration need not be JSON.
  if (!IMAGE_CONFIGS.has(config.mediaType)) return { ...about, platforms: [], labels: {} };
  const image = await readBlob(directory, config);
  const created = parseBuildTime(image["created"]);
  const platform = platformText(image);
  return {
    ...about,
    platforms: platform === undefined ? [] : [platform],
    labels: textMembers(isObject(image["config"]) ? image["config"]["Labels"] : undefined),
    ...(created !== undefined && { created }),
  };
}

/** An index looks like the first image in it that can be read, on the platforms of all of those. */
async function lookIntoIndex(
  directory: string,
  { digest, mediaType }: Descriptor,
  children: readonly Descriptor[],
  depth: number,
  left: { manifests: number },
): Promise<Looks> {
  const images = children.filter(
    ({ annotations, mediaType: type }) =>
      annotations[ATTESTATION] === undefined && (INDEXES.has(type) || MANIFESTS.has(type)),
  );
  if (images.length === 0) return { mediaType, holdsImage: false, platforms: [], labels: {}, sizeBytes: 0 };
  if (depth === 0) throw new InvalidLayoutError(`blob ${digest}`, "its indexes are nested too deep");
  const looks: Looks[] = [];
  let problem: unknown;
  if (images.length > left.manifests)
    throw new InvalidLayoutError(`blob ${digest}`, `it holds more than ${MAX_MANIFESTS} manifests`);
  left.manifests -= images.length;
  for (const child of images) {
    try {
      const { platforms, ...rest } = await look(directory, child, depth - 1, left);
      looks.push({ ...rest, platforms: child.platform === undefined ? platforms : [child.platform] });
    } catch (error) {
      if (!(error instanceof InvalidLayoutError)) throw error;
      problem ??= error;
    }
  }
  const [first] = looks;
  if (!first) throw problem;
  return {
    ...first,
    mediaType,
    holdsImage: true,
    platforms: [...new Set(looks.flatMap(({ platforms }) => platforms))],
  };
}

/** The descriptors of an index, and what is wrong with the first invalid entry. */
function manifestsOf(
  index: unknown,
  file: string,
): { readonly descriptors: readonly Descriptor[]; readonly malformed?: InvalidLayoutError } {
  const manifests = isObject(index) ? index["manifests"] : undefined;
  if (!Array.isArray(manifests)) throw new InvalidLayoutError(file, "it has no list of manifests");
  const descriptors: Descriptor[] = [];
  let malformed: InvalidLayoutError | undefined;
  for (const manifest of manifests) {
    try {
      descriptors.push(parseDescriptor(manifest, file));
    } catch (error) {
      if (!(error instanceof InvalidLayoutError)) throw error;
      malformed ??= error;
    }
  }
  return { descriptors, ...(malformed && { malformed }) };
}
