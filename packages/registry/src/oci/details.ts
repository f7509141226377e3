import { z } from "zod";
import type { ImageDetails } from "../catalogue/image.ts";
import { fetchBlob } from "./blob.ts";
import { type Place, TooLargeError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { CONFIG_LIMIT } from "./limits.ts";
import { fetchManifest } from "./manifest.ts";
import { isConfigType, isImageType } from "./media-types.ts";
import type { Descriptor, Manifest } from "./registry.ts";
import type { Session } from "./session.ts";

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
const configuration = z.object({
  created: z.string().nullish(),
  os: z.string().catch(""),
  architecture: z.string().catch(""),
  variant: z.string().optional().catch(undefined),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Enough for buildpacks' metadata; the catalogue keeps all of it, for ever. */
const LABEL_BYTES = 256 << 10;
const LABELS = 1000;
/** Reproducible builds write 1970, or 1980, which is where ZIP's time begins. */
const BELIEVABLE = Date.UTC(1981);

/** What a manifest and its configuration say. Of an index, labels, times and sizes are those of its first real platform. */
export async function fetchDetails(
  session: Session,
  repository: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ImageDetails> {
  if (manifest.form === "image") return imageDetails(session, repository, manifest, signal);
  const { mediaType } = manifest;
  const children = manifest.manifests.filter((child) => isImageType(child.mediaType) && !isAttestation(child));
  const [first] = children.toSorted((one, other) => rank(one) - rank(other));
  if (!first) return { mediaType, platforms: [], labels: {} };
  const child = await fetchManifest(session, repository, first.digest, signal);
  if (child.form !== "image") return { mediaType, platforms: [], labels: {} };
  const details = await imageDetails(session, repository, child, signal);
  const named = children.flatMap(({ platform }) => (platform ? [platformName(platform)] : []));
  return { ...details, mediaType, platforms: named.length > 0 ? [...new Set(named)].sort() : details.platforms };
}

async function imageDetails(
  session: Session,
  repository: string,
  { mediaType, config, layers }: Manifest & { readonly form: "image" },
  signal: AbortSignal,
): Promise<ImageDetails> {
  const sizeBytes = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
  // An artifact's configuration is whatever its maker liked.
  if (!isConfigType(config.mediaType)) return { mediaType, platforms: [], sizeBytes, labels: {} };
  const place = { host: session.host, repository };
  const bytes = await fetchBlob(session, repository, config.digest, CONFIG_LIMIT, signal);
  const {
    os,
    architecture,
    variant,
    created,
    config: run,
  } = parseJson(configuration, bytes, `configuration ${config.digest}`, place);
  const time = Date.parse(created ?? "");
  return {
    mediaType,
    platforms:
      os === "" || architecture === "" ? [] : [platformName({ os, architecture, ...(variant && { variant }) })],
    sizeBytes,
    ...(time >= BELIEVABLE && { created: new Date(time).toISOString() }),
    labels: bounded(run?.Labels ?? {}, place),
  };
}

/** BuildKit's attestations are children of an index, of no platform. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return annotations["vnd.docker.reference.type"] !== undefined || platform?.os === "unknown";
}

function rank({ platform }: Descriptor): number {
  if (platform?.os !== "linux") return 2;
  return platform.architecture === "amd64" ? 0 : 1;
}

function platformName({ os, architecture, variant }: NonNullable<Descriptor["platform"]>): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

function bounded(labels: Readonly<Record<string, string>>, place: Place): Readonly<Record<string, string>> {
  const entries = Object.entries(labels);
  if (entries.length > LABELS) throw new TooLargeError(`an image has more than ${LABELS} labels`, LABELS, place);
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > LABEL_BYTES) throw new TooLargeError(`an image's labels exceed ${LABEL_BYTES} bytes`, LABEL_BYTES, place);
  return labels;
}
