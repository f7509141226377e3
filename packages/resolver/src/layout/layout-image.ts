import { join } from "node:path";
import type { Digest } from "../reference/digest.ts";
import { type ImageReference, tryParseReference } from "../reference/reference.ts";
import { type Descriptor, isRecord, parseDescriptor, platformText, readBlob, readJson, textMembers } from "./blobs.ts";
import { InvalidLayoutError } from "./errors.ts";

/** An image of a layout that has a name. */
export interface LayoutImage {
  readonly reference: ImageReference;
  /** Of the manifest, or of the index of a multi-platform image. */
  readonly digest: Digest;
  /** Configuration and layers of one platform, in bytes. */
  readonly sizeBytes: number;
  /** Of the manifest, or of the index. */
  readonly mediaType: string;
  /** Media type of the configuration; of an index, that of its first image. Absent where there is none. */
  readonly configType?: string;
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
/** Of what a container can be started from. */
const CONFIGS = new Set(["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"]);
/** Reproducible builds write 1970, or 1980, which is where ZIP's time begins. */
const BELIEVABLE = Date.UTC(1981);
const MOST_IMAGES = 10_000;

/**
 * Reads every named image of an OCI image layout, checking each blob it looks at against its digest.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 * @throws InvalidLayoutError
 */
export async function readLayout(directory: string): Promise<readonly LayoutImage[]> {
  const marker = join(directory, "oci-layout");
  const { imageLayoutVersion } = await readJson(marker);
  if (imageLayoutVersion !== "1.0.0") throw new InvalidLayoutError(marker, "its imageLayoutVersion is not 1.0.0");
  const file = join(directory, "index.json");
  const descriptors = manifestsOf(await readJson(file), file);
  if (descriptors.length > MOST_IMAGES) throw new InvalidLayoutError(file, `it lists more than ${MOST_IMAGES} images`);
  const images: LayoutImage[] = [];
  for (const descriptor of descriptors) {
    const reference = nameOf(descriptor);
    if (reference) images.push({ reference, digest: descriptor.digest, ...(await look(directory, descriptor)) });
  }
  return images;
}

function nameOf({ annotations }: Descriptor): ImageReference | undefined {
  const names = NAMES.map((key) => tryParseReference(annotations[key] ?? ""));
  return names.find((name) => name !== undefined);
}

type Looks = Pick<LayoutImage, "mediaType" | "configType" | "platforms" | "labels" | "sizeBytes" | "created">;

async function look(directory: string, descriptor: Descriptor): Promise<Looks> {
  const file = `blob ${descriptor.digest}`;
  const { mediaType } = descriptor;
  const manifest = await readBlob(directory, descriptor);
  if (INDEXES.has(mediaType)) {
    const platforms = manifestsOf(manifest, file).filter(
      ({ annotations, mediaType }) => annotations[ATTESTATION] === undefined && isManifest(mediaType),
    );
    const [first] = platforms;
    // As build caches are, and what holds attestations alone: readable, and nothing to run.
    if (!first) return { mediaType, platforms: [], labels: {}, sizeBytes: 0 };
    const texts = platforms.flatMap(({ platform }) => platform ?? []);
    const looks = await look(directory, first);
    return { ...looks, mediaType, platforms: texts.length > 0 ? texts : looks.platforms };
  }
  const config = parseDescriptor(manifest["config"], file);
  const layers = Array.isArray(manifest["layers"])
    ? manifest["layers"].map((layer) => parseDescriptor(layer, file))
    : [];
  const sizeBytes = layers.reduce((sum, { size }) => sum + size, config.size);
  const configType = config.mediaType;
  // An artifact's configuration is whatever its maker liked.
  if (!CONFIGS.has(configType)) return { mediaType, configType, platforms: [], labels: {}, sizeBytes };
  const image = await readBlob(directory, config);
  const { created } = image;
  const at = typeof created === "string" ? Date.parse(created) : NaN;
  const platform = platformText(image);
  return {
    mediaType,
    configType,
    platforms: platform === undefined ? [] : [platform],
    labels: textMembers(isRecord(image["config"]) ? image["config"]["Labels"] : undefined),
    sizeBytes,
    ...(at > BELIEVABLE && { created: at }),
  };
}

/** Whether a container can be started from it, by the type of its configuration, as container runtimes go by. */
export const isContainerImage = ({ configType }: LayoutImage): boolean =>
  configType !== undefined && CONFIGS.has(configType);

const isManifest = (mediaType: string): boolean => INDEXES.has(mediaType) || mediaType.includes(".manifest.");

function manifestsOf(index: unknown, file: string): readonly Descriptor[] {
  const manifests = isRecord(index) ? index["manifests"] : undefined;
  if (!Array.isArray(manifests)) throw new InvalidLayoutError(file, "it has no list of manifests");
  return manifests.map((manifest) => parseDescriptor(manifest, file));
}
