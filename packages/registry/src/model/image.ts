import type { Digest, Repository } from "@executor-registry/resolver";
import { keptLabels } from "./labels.ts";

/** What a manifest and its configuration say of an image. It never changes, since the digest covers it. */
export interface ImageDetails {
  readonly mediaType: string;
  /** Media type of the configuration; of an index, that of the image in it which was read. Absent where there is none, or it is not known. */
  readonly configType?: string;
  /** What the manifest says it holds; artifacts say so, most images do not. */
  readonly artifactType?: string;
  /** Media type of the first layer, where no layer is a file system; of an index, as `configType`. */
  readonly foreignLayer?: string;
  /** Of an index only: whether it names any image besides attestations. */
  readonly holdsImage?: boolean;
  /** `os/architecture[/variant]`, sorted; attestations are not among them. Empty where the image does not say. */
  readonly platforms: readonly string[];
  /** Compressed: configuration and layers, of the largest platform. In bytes. */
  readonly sizeBytes?: number;
  /** When the image was built, by its own account. ISO 8601 in UTC. */
  readonly created?: string;
  /** Labels of the image's configuration; what the catalogue keeps are those that it may use. */
  readonly labels: Readonly<Record<string, string>>;
}

/** As many as any index of one image has. */
const MAX_PLATFORMS = 64;

/** Details as they are written down and kept. */
export function boundedDetails(details: ImageDetails): ImageDetails {
  return { ...details, platforms: details.platforms.slice(0, MAX_PLATFORMS), labels: keptLabels(details.labels) };
}

/**
 * Whether these say what the manifest holds. Details that were read before this was noted do not, unless they have a platform, which
 * only an image's configuration gives them.
 */
export function isDescribed(details: ImageDetails | undefined): details is ImageDetails {
  if (details === undefined) return false;
  const { configType, artifactType, holdsImage, platforms } = details;
  return (configType ?? artifactType ?? holdsImage) !== undefined || platforms.length > 0;
}

/** One manifest in one repository. */
export interface Image {
  readonly repository: Repository;
  readonly digest: Digest;
  /** Sorted, never empty: an image that no tag names is gone. */
  readonly tags: readonly string[];
  /** When the registry received it, where it says so. ISO 8601 in UTC. */
  readonly pushed?: string;
  /** Absent where they were not read yet. */
  readonly details?: ImageDetails;
}

/** An image as the journal has it. */
export interface ImageRecord extends Omit<Image, "repository"> {
  /** The name of its repository. */
  readonly repository: string;
}
