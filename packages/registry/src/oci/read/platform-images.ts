import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import { parseBuildTime } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { isConfigType, isGeneralType, OCI_MANIFEST } from "../../model/media-types.ts";
import { type Place, RegistryError, shown, TooLargeError } from "../wire/errors.ts";
import { parseJson } from "../wire/json.ts";
import { DOCUMENT_VALUES } from "../wire/limits.ts";
import { ambiguousMember, looseText, platformName, textMembers } from "../wire/loose.ts";
import type { Manifest } from "./registry.ts";
import type { RepositoryReader } from "./repository-reader.ts";

/** An image of one platform, by its manifest and configuration, which were verified against their digests. */
export interface PlatformImage {
  readonly digest: Digest;
  /** `os/architecture[/variant]` by which runtimes choose it: of an index its own word, else the configuration's. */
  readonly platform: string | undefined;
  /** Configuration and layers, compressed; `undefined` where the manifest leaves out the size of one. */
  readonly sizeBytes: number | undefined;
  /** When it was built, by its own account: milliseconds since the Unix epoch, where that is a believable time. */
  readonly created: number | undefined;
  /** All of them. */
  readonly labels: ReadonlyMap<string, string>;
  /** As it is written: `1000`, `app`, `1000:1000`; empty where it is not. */
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Names alone: values may be secrets. */
  readonly env: readonly string[];
  /** Of the layers, uncompressed, from the ground up. */
  readonly diffIds: readonly string[];
}

/** Images of one index that are read. */
const MAX_IMAGES = 32;
/** Indexes within indexes. */
const MAX_DEPTH = 2;
/** Of one configuration. Real ones have some ten thousand. */
const CONFIG_BYTES = 1 << 20;
const LABELS = 1000;
const TEXTS = 1000;
const UNKNOWN_OS = "unknown";

const texts = z
  .unknown()
  .optional()
  .transform((given): readonly string[] =>
    Array.isArray(given) ? given.slice(0, TEXTS).filter((one): one is string => typeof one === "string") : [],
  );
const object = (value: unknown): unknown => (typeof value === "object" && value !== null ? value : {});
/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
const Configuration = z.object({
  created: looseText,
  os: z.unknown().optional(),
  architecture: z.unknown().optional(),
  variant: z.unknown().optional(),
  config: z.preprocess(
    object,
    z.object({ User: looseText, Labels: z.unknown().optional(), Entrypoint: texts, Cmd: texts, Env: texts }),
  ),
  rootfs: z.preprocess(object, z.object({ diff_ids: texts })),
});

/**
 * Everything that a container may be started from: an image itself, or every image of an index. What an index names of another type, or
 * calls an attestation, is read too, since runtimes may choose it all the same; only what is of no platform is left out.
 * @param name of the repository
 * @returns none where it holds artifacts alone
 * @throws TooLargeError, with the digest, where it exceeds a limit
 * @throws RegistryError where any of it is missing or cannot be read
 */
export async function readPlatformImages(
  reader: RepositoryReader,
  name: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly PlatformImage[]> {
  const { registry: host, path: repository } = repositoryNamed(name);
  const place = { host, repository };
  const images: PlatformImage[] = [];
  const read = async (one: Digest, platform: string | undefined, depth: number): Promise<void> => {
    const manifest = await reader.manifest(one, signal);
    if (manifest.form === "image") {
      if (isArtifact(manifest)) return;
      images.push(await readImage(reader, manifest, platform, { place, whole: digest, signal }));
      if (images.length > MAX_IMAGES) throw tooMany(`names more than ${MAX_IMAGES} images`, MAX_IMAGES);
      return;
    }
    if (depth > MAX_DEPTH) throw tooMany(`nests indexes deeper than ${MAX_DEPTH} levels`, MAX_DEPTH);
    const children = manifest.manifests.filter((child) => child.platform?.os !== UNKNOWN_OS);
    if (children.length > MAX_IMAGES) throw tooMany(`names more than ${MAX_IMAGES} images`, MAX_IMAGES);
    for (const child of children) {
      const { os, architecture, variant } = child.platform ?? {};
      await read(child.digest, platformName(os, architecture, variant) ?? platform, depth + 1);
    }
  };
  const tooMany = (why: string, limit: number): TooLargeError =>
    new TooLargeError(`index ${digest} ${why}`, limit, place, { digest, retryable: false });
  await read(digest, undefined, 1);
  return images;
}

/** No runtime starts an OCI manifest with the configuration of something else. Of Docker's some do not look. */
const isArtifact = ({ mediaType, config }: Manifest & { readonly form: "image" }): boolean =>
  mediaType === OCI_MANIFEST && !isConfigType(config.mediaType) && !isGeneralType(config.mediaType);

async function readImage(
  reader: RepositoryReader,
  { digest, config, layers }: Manifest & { readonly form: "image" },
  platform: string | undefined,
  { place, whole, signal }: { readonly place: Place; readonly whole: Digest; readonly signal: AbortSignal },
): Promise<PlatformImage> {
  const what = `configuration ${config.digest}`;
  const lasting = { digest: whole, retryable: false };
  if (config.size > CONFIG_BYTES)
    throw new TooLargeError(`${what} is larger than ${CONFIG_BYTES} bytes`, CONFIG_BYTES, place, lasting);
  const bytes = await reader.blob(config.digest, CONFIG_BYTES, signal);
  const bounds = { values: DOCUMENT_VALUES, digest: whole };
  const {
    config: run,
    rootfs,
    created,
    os,
    architecture,
    variant,
  } = parseJson(Configuration, bytes, what, place, bounds);
  const twice = parseJson(z.unknown().transform(ambiguous), bytes, what, place, bounds);
  if (twice !== undefined)
    throw new RegistryError(
      "registry-protocol",
      `${what} has a "${shown(twice, 50)}", which runtimes may take for another member`,
      place,
      lasting,
    );
  const labels = textMembers(run.Labels, LABELS);
  if (labels.size > LABELS) throw new TooLargeError(`${what} has more than ${LABELS} labels`, LABELS, place, lasting);
  const sizes = [config, ...layers].map(({ size }) => size);
  return {
    digest,
    platform: platform ?? platformName(os, architecture, variant),
    // Where a descriptor gives none, runtimes take a blob of any size.
    sizeBytes: sizes.includes(0) ? undefined : sizes.reduce((sum, size) => sum + size, 0),
    created: parseBuildTime(created),
    labels,
    user: run.User ?? "",
    entrypoint: run.Entrypoint,
    cmd: run.Cmd,
    env: run.Env.map((variable) => variable.split("=", 1)[0] ?? ""),
    diffIds: rootfs.diff_ids,
  };
}

/** A member that Go's parser, and so container runtimes, would take for one that is read here. */
function ambiguous(value: unknown): string | undefined {
  const { config, rootfs } = object(value) as { readonly config?: unknown; readonly rootfs?: unknown };
  return (
    ambiguousMember(value, Object.keys(Configuration.shape)) ??
    ambiguousMember(config, ["User", "Labels", "Entrypoint", "Cmd", "Env"]) ??
    ambiguousMember(rootfs, ["diff_ids"])
  );
}
