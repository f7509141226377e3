import { type Digest, shortDigest } from "@executor-registry/resolver";
import { essence } from "../model/media-types.ts";
import type { Descriptor, Manifest } from "../oci/read/registry.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { RegistryError, RepositoryGoneError } from "../oci/wire/errors.ts";
import type { ImageParts } from "./image-parts.ts";

/** An SBOM that is attached to an image. */
export interface AttachedSbom {
  /** For messages. */
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
  /** The manifests that a statement around it may be about. */
  readonly about: ReadonlySet<Digest>;
  /** The only platform that it is of, by its manifest; absent where it is attached to the index. */
  readonly of?: Digest;
}

/** Why something could not be looked at: for now, or as it is. */
export interface Obstacle {
  readonly refused: string;
  readonly lasting: boolean;
}

export const isObstacle = (found: object): found is Obstacle => "refused" in found;

/** What refers to an image, and may hold an SBOM. */
const HOLDERS: ReadonlySet<string> = new Set([
  "application/spdx+json",
  "text/spdx+json",
  "application/vnd.cyclonedx+json",
  "application/vnd.goharbor.harbor.sbom.v1",
  "application/vnd.in-toto+json",
  "application/vnd.dsse.envelope.v1+json",
  "application/vnd.dev.cosign.artifact.att.v1+json",
  "application/vnd.dev.cosign.artifact.sbom.v1+json",
  "application/vnd.docker.attestation.manifest.v1+json",
  "application/vnd.dev.sigstore.bundle.v0.3+json",
  "application/vnd.dev.sigstore.bundle+json",
]);
/** What their layers are: SBOMs, and what may hold a statement of one. */
const DOCUMENTS: ReadonlySet<string> = new Set([
  "application/spdx+json",
  "text/spdx+json",
  "application/vnd.cyclonedx+json",
]);
const STATEMENTS: ReadonlySet<string> = new Set([
  "application/vnd.in-toto+json",
  "application/vnd.dsse.envelope.v1+json",
  "application/vnd.dev.sigstore.bundle.v0.3+json",
  "application/vnd.dev.sigstore.bundle+json",
]);
/** Unsigned hints, by which statements of something else need not be read. */
const PREDICATE_HINTS = ["dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type", "predicateType"];
const SBOM_PREDICATE = /^https:\/\/(?:spdx\.dev\/Document|cyclonedx\.org\/bom)(?:\/v?[\d.]+)?$/;

/** What cosign keeps beside an image: attestations, and what `attach sbom` wrote. */
const TAG_ENDINGS = [".att", ".sbom"];

/** Manifests beside one image that are looked into. */
const MAX_MANIFESTS = 50;

interface Looking {
  readonly parts: ImageParts;
  readonly reader: RepositoryReader;
  readonly signal: AbortSignal;
  /** Manifests and layers that were met: some are listed in several places. */
  readonly seen: Set<string>;
  manifests: number;
}

/**
 * Everything attached to an image that may hold an SBOM of it: what refers to it or to one of its platforms, by the registry's API or
 * the fallback tag; cosign's tags; BuildKit's attestations in its index. What cannot be looked at is an obstacle in its place.
 */
export async function* findSboms(
  parts: ImageParts,
  reader: RepositoryReader,
  signal: AbortSignal,
): AsyncGenerator<AttachedSbom | Obstacle> {
  const looking: Looking = { parts, reader, signal, seen: new Set(), manifests: 0 };
  for (const { digest, about } of parts.attestations) yield* inManifest(looking, digest, about);
  const subjects = [...(parts.isIndex ? [parts.digest] : []), ...parts.platforms.map(({ digest }) => digest)];
  for (const subject of subjects) {
    yield* referring(looking, subject);
    for (const ending of TAG_ENDINGS) yield* underTag(looking, subject, ending);
  }
}

async function* referring(looking: Looking, subject: Digest): AsyncGenerator<AttachedSbom | Obstacle> {
  const { reader, signal } = looking;
  const listed = await attempt(looking, `what refers to ${shortDigest(subject)}`, () =>
    reader.referrers(subject, undefined, signal),
  );
  if (isObstacle(listed)) return yield listed;
  for (const { digest, artifactType, annotations } of listed) {
    // Older writers of the fallback tag leave the type out: then the manifest says it.
    const may = artifactType === undefined || HOLDERS.has(essence(artifactType) ?? "");
    if (may && isHinted(annotations)) yield* inManifest(looking, digest, subject);
  }
}

async function* underTag(looking: Looking, subject: Digest, ending: string): AsyncGenerator<AttachedSbom | Obstacle> {
  const tag = `${subject.replace(":", "-")}${ending}`;
  const found = await attempt(looking, `the tag ${ending} of ${shortDigest(subject)}`, () =>
    looking.reader.tagged(tag, looking.signal).catch((error: unknown) => {
      if (isAbsent(error)) return { absent: true } as const;
      throw error;
    }),
  );
  if (isObstacle(found)) yield found;
  else if (!("absent" in found) && !looking.seen.has(found.digest)) yield* inLayers(looking, found, subject);
}

async function* inManifest(looking: Looking, digest: Digest, subject: Digest): AsyncGenerator<AttachedSbom | Obstacle> {
  if (looking.seen.has(digest)) return;
  looking.seen.add(digest);
  // Anyone who may push may attach thousands.
  if ((looking.manifests += 1) > MAX_MANIFESTS) {
    if (looking.manifests === MAX_MANIFESTS + 1)
      yield { refused: `more than ${MAX_MANIFESTS} manifests are attached to it`, lasting: true };
    return;
  }
  const manifest = await attempt(looking, `the manifest ${shortDigest(digest)}`, () =>
    looking.reader.manifest(digest, looking.signal),
  );
  if (isObstacle(manifest)) yield manifest;
  else yield* inLayers(looking, manifest, subject);
}

async function* inLayers(
  looking: Looking,
  manifest: Manifest,
  subject: Digest,
): AsyncGenerator<AttachedSbom | Obstacle> {
  const { parts, seen } = looking;
  seen.add(manifest.digest);
  if (manifest.form !== "image" || !isHinted(manifest.annotations)) return;
  const type = essence(manifest.artifactType ?? manifest.config.mediaType) ?? "";
  const isPart = parts.platforms.some(({ digest }) => digest === subject);
  for (const layer of manifest.layers) {
    // One SBOM may be attached to several platforms.
    const key = `${layer.digest} of ${subject}`;
    if (seen.has(key) || !mayBeSbom(layer, type)) continue;
    seen.add(key);
    yield {
      name: `the SBOM ${shortDigest(layer.digest)}`,
      digest: layer.digest,
      size: layer.size,
      about: new Set([subject, parts.digest]),
      ...(isPart && { of: subject }),
    };
  }
}

/** By its type; within what is an SBOM by its own type, layers have any. */
function mayBeSbom({ mediaType, annotations }: Descriptor, holder: string): boolean {
  const type = essence(mediaType) ?? "";
  if (STATEMENTS.has(type)) return isHinted(annotations);
  return DOCUMENTS.has(type) || DOCUMENTS.has(holder) || holder === "application/vnd.goharbor.harbor.sbom.v1";
}

/** Whether no annotation says that it is a statement of something else. */
function isHinted(annotations: Readonly<Record<string, string>>): boolean {
  const hints = PREDICATE_HINTS.flatMap((name) => annotations[name] ?? []);
  return hints.every((hint) => SBOM_PREDICATE.test(hint));
}

/** @throws what the registry has no part in, and the signal's reason */
export async function attempt<T extends object>(
  { signal }: Pick<Looking, "signal">,
  name: string,
  read: () => Promise<T>,
): Promise<T | Obstacle> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RegistryError)) throw error;
    const odd = error.code === "too-large" || (error.code === "registry-protocol" && !error.retryable);
    const lasting = odd || error.digest !== undefined || isAbsent(error);
    return { refused: `${name} cannot be read: ${error.message}`, lasting };
  }
}

/** That a whole repository is gone says nothing of what is attached in it. */
const isAbsent = (error: unknown): boolean =>
  error instanceof RegistryError && error.code === "not-found" && !(error instanceof RepositoryGoneError);
