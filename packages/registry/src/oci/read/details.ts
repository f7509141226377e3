import { parseBuildTime } from "@executor-registry/resolver/internal";
import { z } from "zod";
import type { ImageDetails } from "../../model/image.ts";
import { fetchBlob } from "./blob.ts";
import { RegistryError, type RegistryErrorCode, TooLargeError } from "../wire/errors.ts";
import { parseJson } from "../wire/json.ts";
import { CONFIG_LIMIT, DOCUMENT_VALUES } from "../wire/limits.ts";
import { looseText, platformName, textMembers } from "../wire/loose.ts";
import { fetchHead, fetchManifest } from "./manifest.ts";
import {
  essence,
  isConfigType,
  isFileSystemType,
  isGeneralType,
  isImageType,
  isIndexType,
  OCI_CONFIG,
} from "../../model/media-types.ts";
import type { Descriptor, Manifest } from "./registry.ts";
import type { Session } from "./session.ts";

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
const configuration = z.object({
  created: looseText,
  os: z.unknown().optional(),
  architecture: z.unknown().optional(),
  variant: z.unknown().optional(),
  // Counted before anything is made of them.
  config: z
    .unknown()
    .optional()
    .transform((run) => (Object(run) as { readonly Labels?: unknown }).Labels),
});

/** Enough for buildpacks' metadata; the catalogue keeps all of it, for ever. */
const LABEL_BYTES = 256 << 10;
const LABELS = 1000;
/** Of an index, so many indexes in it are looked into, and no further. */
const NESTED = 4;
/** Bytes of a configuration that are read, no matter which size the manifest claims. */
const UNCLAIMED = 64 << 10;
/** The type of a configuration that has none. @see https://www.rfc-editor.org/rfc/rfc2046#section-4.5.1 */
const UNNAMED = "application/octet-stream";
/** Platforms of one index that are kept. */
const PLATFORMS = 64;
const PASSING: ReadonlySet<RegistryErrorCode> = new Set(["throttled", "unreachable", "timeout", "closed"]);
/** Images of one index that are looked up, besides the one that is read. */
const LOOKED_UP = 16;
/** RFC 6838's names, with parameters. */
const MEDIA_TYPE = /^[\x21-\x7e]{1,200}$/;

/** What a manifest names is not there. */
class MissingPartError extends RegistryError {
  override readonly name = "MissingPartError";
}

type ImageManifest = Manifest & { readonly form: "image" };

/** What a manifest and its configuration say. Of an index, labels, times and sizes are those of its first real platform. */
export async function fetchDetails(
  session: Session,
  repository: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ImageDetails> {
  const { mediaType } = manifest;
  const artifactType = typed("artifactType", manifest.artifactType);
  if (manifest.form === "image")
    return { ...(await imageDetails(session, repository, manifest, manifest, signal)), ...artifactType };
  const children = [...(await imagesOf(session, repository, manifest, signal))].sort((a, b) => rank(a) - rank(b));
  let missing: MissingPartError | undefined;
  for (const [place, first] of children.entries()) {
    try {
      const child = await fetchPart(session, repository, manifest, first, signal);
      if (child.form !== "image") break;
      const details = await imageDetails(session, repository, child, manifest, signal);
      // Those before this one are not there: who deletes untagged manifests leaves such indexes behind.
      const others = await present(session, repository, children.slice(place + 1), signal);
      const named = [first, ...others].flatMap(
        ({ platform }) => platformName(platform?.os, platform?.architecture, platform?.variant) ?? [],
      );
      const platforms = named.length > 0 ? [...new Set(named)].sort().slice(0, PLATFORMS) : details.platforms;
      return { ...details, mediaType, platforms, holdsImage: true, ...artifactType };
    } catch (error) {
      if (!(error instanceof MissingPartError)) throw error;
      missing ??= error;
    }
  }
  if (missing !== undefined) throw missing;
  return { mediaType, platforms: [], labels: {}, holdsImage: false, ...artifactType };
}

/** Without those of which the registry says that they are not there. Of very many the rest is assumed to be there. */
async function present(
  session: Session,
  repository: string,
  children: readonly Descriptor[],
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const looked = await Promise.all(
    children.slice(0, LOOKED_UP).map(async (child) => {
      const head = await fetchHead(session, repository, child.digest, signal).catch((error: unknown) => {
        // A refusal does not say that it is not there; who does not answer may say so a little later.
        if (error instanceof RegistryError && !PASSING.has(error.code)) return child;
        throw error;
      });
      return head === undefined ? [] : [child];
    }),
  );
  return [...looked.flat(), ...children.slice(LOOKED_UP)];
}

/** The images that an index names, also within indexes in it, as tools make that join indexes. */
async function imagesOf(
  session: Session,
  repository: string,
  index: Manifest & { readonly form: "index" },
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const isImage = (child: Descriptor): boolean => isImageType(child.mediaType) && !isAttestation(child);
  const children = index.manifests.filter(isImage);
  for (const child of index.manifests.filter(({ mediaType }) => isIndexType(mediaType)).slice(0, NESTED)) {
    const nested = await fetchPart(session, repository, index, child, signal).catch((error: unknown) => {
      if (error instanceof MissingPartError && children.length > 0) return undefined;
      throw error;
    });
    if (nested?.form !== "index") continue;
    for (const one of nested.manifests.filter(isImage)) {
      children.push(one.platform || !child.platform ? one : { ...one, platform: child.platform });
    }
  }
  return children;
}

/** That an index names what is not there says something of the index, and nothing of the tag that was asked for. */
async function fetchPart(
  session: Session,
  repository: string,
  whole: Manifest,
  { digest }: Descriptor,
  signal: AbortSignal,
): Promise<Manifest> {
  try {
    return await fetchManifest(session, repository, digest, signal);
  } catch (error) {
    throw ofWhole(error, whole, `manifest ${digest}`, session.host, repository);
  }
}

async function imageDetails(
  session: Session,
  repository: string,
  { mediaType, config, layers }: ImageManifest,
  whole: Manifest,
  signal: AbortSignal,
): Promise<ImageDetails> {
  const sizeBytes = layers.reduce((sum, { size }) => sum + size, config.size);
  const foreign = layers.some((layer) => isFileSystemType(layer.mediaType)) ? undefined : layers[0]?.mediaType;
  const named = essence(config.mediaType) ?? "";
  const configType = MEDIA_TYPE.test(named) ? named : UNNAMED;
  const basic = { mediaType, sizeBytes, configType, ...typed("foreignLayer", foreign) };
  const other = { ...basic, platforms: [], labels: {} };
  if (isConfigType(configType)) return { ...basic, ...(await configured(session, repository, config, whole, signal)) };
  // An artifact's configuration can be anything.
  if (!isGeneralType(configType) || config.size > CONFIG_LIMIT) return other;
  // Of a type that says nothing, as Docker once pushed images, the content decides, as it does in Docker.
  try {
    const read = await configured(session, repository, config, whole, signal);
    return read.platforms.length === 0 ? other : { ...basic, configType: OCI_CONFIG, ...read };
  } catch (error) {
    if (error instanceof RegistryError && error.digest === whole.digest) return other;
    throw error;
  }
}

/** What an image's configuration says. */
async function configured(
  session: Session,
  repository: string,
  config: Descriptor,
  whole: Manifest,
  signal: AbortSignal,
): Promise<Pick<ImageDetails, "platforms" | "created" | "labels">> {
  const place = { host: session.host, repository };
  const what = `configuration ${config.digest}`;
  const lasting = { digest: whole.digest, retryable: false };
  if (config.size > CONFIG_LIMIT)
    throw new TooLargeError(`${what} is larger than ${CONFIG_LIMIT} bytes`, CONFIG_LIMIT, place, lasting);
  const bytes = await configurationBytes(session, repository, config, whole, signal);
  const bounds = { values: DOCUMENT_VALUES, digest: whole.digest };
  const { os, architecture, variant, created, config: labels } = parseJson(configuration, bytes, what, place, bounds);
  const platform = platformName(os, architecture, variant);
  const time = parseBuildTime(created);
  const kept = textMembers(labels, LABELS);
  if (kept.size > LABELS) throw new TooLargeError(`${what} has more than ${LABELS} labels`, LABELS, place, lasting);
  const labelBytes = [...kept].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (labelBytes > LABEL_BYTES)
    throw new TooLargeError(`the labels of ${what} exceed ${LABEL_BYTES} bytes`, LABEL_BYTES, place, lasting);
  return {
    platforms: platform === undefined ? [] : [platform],
    ...(time !== undefined && { created: new Date(time).toISOString() }),
    labels: Object.fromEntries(kept),
  };
}

async function configurationBytes(
  session: Session,
  repository: string,
  { digest, size }: Descriptor,
  whole: Manifest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const limit = Math.min(CONFIG_LIMIT, Math.max(size, UNCLAIMED));
  const done = await session.configurations.acquire(signal, limit);
  try {
    return await fetchBlob(session, repository, digest, limit, signal);
  } catch (error) {
    throw ofWhole(error, whole, `configuration ${digest}`, session.host, repository);
  } finally {
    done();
  }
}

function ofWhole(error: unknown, whole: Manifest, part: string, host: string, repository: string): unknown {
  if (!(error instanceof RegistryError)) return error;
  const place = { host, repository };
  if (error.code === "not-found") {
    const why = `manifest ${whole.digest} names ${part}, which the registry does not have. Push the image again`;
    return new MissingPartError("registry-protocol", why, place, { cause: error });
  }
  if (error.digest === undefined || error.digest === whole.digest) return error;
  const why = `manifest ${whole.digest} cannot be read: ${error.message}`;
  return new RegistryError(error.code, why, place, { cause: error, digest: whole.digest, retryable: false });
}

function typed<K extends string>(key: K, type: string | undefined): { readonly [P in K]?: string } {
  return type !== undefined && MEDIA_TYPE.test(type) ? ({ [key]: type } as { readonly [P in K]: string }) : {};
}

/** BuildKit's attestations are children of an index, of no platform. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return annotations["vnd.docker.reference.type"] !== undefined || platform?.os === "unknown";
}

function rank({ platform }: Descriptor): number {
  if (platform?.os !== "linux") return 2;
  return platform.architecture === "amd64" ? 0 : 1;
}
