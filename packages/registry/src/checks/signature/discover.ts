import type { Digest } from "@executor-registry/resolver";
import type { Descriptor, Manifest } from "../../oci/read/registry.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";
import { RegistryError, RepositoryGoneError } from "../../oci/wire/errors.ts";
import { SIGN_PREDICATE } from "./claims.ts";
import { envelopeBundle, simpleSigningBundle } from "./legacy.ts";
import { type Found, isRefusal, type Refusal } from "./verification.ts";

const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const BUNDLE_TYPES: ReadonlySet<string> = new Set([
  BUNDLE_TYPE,
  "application/vnd.dev.sigstore.bundle+json;version=0.3",
]);
/** An unsigned hint, by which what is something else need not be read. */
const PREDICATE_HINT = "dev.sigstore.bundle.predicateType";

/** Most candidates of one image. */
const MAX_CANDIDATES = 50;
const MAX_MANIFEST_BYTES = 1 << 20;

/** What is looked for beside an image. */
export interface Sought {
  /** Of the tag that cosign keeps: `sha256-<hex>` and this. */
  readonly tagEnding: string;
  readonly layerType: string;
  readonly layerBytes: number;
  readonly bundleBytes: number;
  /** Of the manifests that hold such layers and refer to the image. */
  readonly artifactTypes: ReadonlySet<string>;
  /** Whether a bundle that says it holds this predicate is meant. */
  predicate(type: string): boolean;
}

export const SIGNATURES: Sought = {
  tagEnding: ".sig",
  layerType: "application/vnd.dev.cosign.simplesigning.v1+json",
  layerBytes: 64 << 10,
  bundleBytes: 256 << 10,
  artifactTypes: new Set(["application/vnd.dev.cosign.artifact.sig.v1+json"]),
  predicate: (type) => type === SIGN_PREDICATE,
};
const ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json";

/** @param predicates types of the statements that are meant */
export const attestationsOf = (predicates: ReadonlySet<string>): Sought => ({
  tagEnding: ".att",
  layerType: ENVELOPE_TYPE,
  layerBytes: 10 << 20,
  bundleBytes: 10 << 20,
  artifactTypes: new Set(["application/vnd.in-toto+json", "application/vnd.dev.cosign.artifact.att.v1+json"]),
  predicate: (type) => predicates.has(type),
});

/** Why something could not be looked at: for now, or as it is. */
export interface Obstacle extends Refusal {
  readonly lasting: boolean;
}

interface Looking {
  readonly reader: RepositoryReader;
  readonly image: Digest;
  readonly sought: Sought;
  readonly signal: AbortSignal;
  /** Candidates so far. */
  count: number;
}

/**
 * Everything that claims to be signed about an image, one after the other: under cosign's tag, and what refers to the image by the
 * registry's API or its fallback tag. What cannot be read is an obstacle in its place.
 */
export async function* discover(
  reader: RepositoryReader,
  image: Digest,
  sought: Sought,
  signal: AbortSignal,
): AsyncGenerator<Found | Obstacle> {
  const looking: Looking = { reader, image, sought, signal, count: 0 };
  yield* underTag(looking);
  yield* referring(looking);
}

async function* underTag(looking: Looking): AsyncGenerator<Found | Obstacle> {
  const { reader, image, sought, signal } = looking;
  const tag = `${image.replace(":", "-")}${sought.tagEnding}`;
  const manifest = await attempt(looking, `the tag ${tag}`, () =>
    reader.tagged(tag, signal).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    }),
  );
  if (manifest === undefined) return;
  if (isRefusal(manifest)) yield manifest;
  else yield* layers(looking, manifest, `the tag ${tag}`);
}

async function* referring(looking: Looking): AsyncGenerator<Found | Obstacle> {
  const { reader, image, sought, signal } = looking;
  const listed = await attempt(looking, "the list of what refers to it", () =>
    reader.referrers(image, undefined, signal),
  );
  if (isRefusal(listed)) return yield listed;
  // Older writers of the fallback tag leave the type out: then the manifest says it.
  const meant = listed.filter(({ artifactType, annotations }) => {
    const hint = annotations[PREDICATE_HINT];
    return (
      artifactType === undefined || (isMeant(sought, artifactType) && (hint === undefined || sought.predicate(hint)))
    );
  });
  if (meant.length > MAX_CANDIDATES) return yield tooMany(`${meant.length} manifests refer to it`);
  for (const descriptor of meant) {
    const name = `the referrer ${descriptor.digest}`;
    const manifest = await attempt(looking, name, () => reader.manifest(descriptor.digest, signal));
    if (isRefusal(manifest)) {
      yield manifest;
      continue;
    }
    const type = manifest.artifactType ?? (manifest.form === "image" ? manifest.config.mediaType : "");
    const hint = manifest.annotations[PREDICATE_HINT];
    if (!isMeant(sought, type) || (hint !== undefined && !sought.predicate(hint))) continue;
    if (BUNDLE_TYPES.has(type)) yield* bundles(looking, manifest, name);
    else yield* layers(looking, manifest, name);
  }
}

async function* bundles(looking: Looking, manifest: Manifest, name: string): AsyncGenerator<Found | Obstacle> {
  const [layer, ...others] = manifest.form === "image" ? manifest.layers : [];
  if (layer === undefined || others.length > 0 || !BUNDLE_TYPES.has(layer.mediaType))
    return yield lasting({ code: "signature-invalid", refused: `${name} does not hold one bundle` });
  if ((looking.count += 1) > MAX_CANDIDATES) return yield tooMany("too much claims to be signed about it");
  const bundle = await blob(looking, layer, looking.sought.bundleBytes, name);
  yield isRefusal(bundle) ? bundle : { name, form: "bundle", bundle };
}

async function* layers(looking: Looking, manifest: Manifest, name: string): AsyncGenerator<Found | Obstacle> {
  const { sought } = looking;
  if (manifest.sizeBytes > MAX_MANIFEST_BYTES)
    return yield tooMany(`${name} has ${manifest.sizeBytes} bytes, more than ${MAX_MANIFEST_BYTES}`);
  const all =
    manifest.form === "image" ? manifest.layers.filter(({ mediaType }) => mediaType === sought.layerType) : [];
  if (looking.count + all.length > MAX_CANDIDATES) return yield tooMany(`${name} holds ${all.length} signatures`);
  looking.count += all.length;
  for (const layer of all) {
    const content = await blob(looking, layer, sought.layerBytes, name);
    if (isRefusal(content)) {
      yield content;
      continue;
    }
    const enveloped = sought.layerType === ENVELOPE_TYPE;
    const made = (enveloped ? envelopeBundle : simpleSigningBundle)(content, layer.annotations);
    if (isRefusal(made)) yield lasting(made);
    else yield { name, form: "legacy", ...made, ...(!enveloped && { payload: content }) };
  }
}

/** @param most bytes: what says that it has more is not asked for */
async function blob(looking: Looking, layer: Descriptor, most: number, name: string): Promise<Uint8Array | Obstacle> {
  if (layer.size > most)
    return lasting({
      code: "limit-exceeded",
      refused: `${name} holds a layer of ${layer.size} bytes, more than ${most}`,
    });
  return attempt(looking, name, () => looking.reader.blob(layer.digest, most, looking.signal));
}

/** @throws what the registry has no part in, and the signal's reason */
async function attempt<T>({ signal }: Looking, name: string, read: () => Promise<T>): Promise<T | Obstacle> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === "too-large")
      return lasting({ code: "limit-exceeded", refused: `${name} is too large: ${error.message}` });
    if (isAbsent(error)) return lasting({ code: "signature-invalid", refused: `${name} is listed, but not there` });
    if (error.digest !== undefined)
      return lasting({ code: "signature-invalid", refused: `${name} cannot be read: ${error.message}` });
    return { code: "registry-unavailable", refused: `${name} cannot be read now: ${error.message}`, lasting: false };
  }
}

const isMeant = ({ artifactTypes }: Sought, type: string): boolean => artifactTypes.has(type) || BUNDLE_TYPES.has(type);
/** That a whole repository is gone says nothing about its signatures. */
const isAbsent = (error: unknown): boolean =>
  error instanceof RegistryError && error.code === "not-found" && !(error instanceof RepositoryGoneError);
const lasting = (refusal: Refusal): Obstacle => ({ ...refusal, lasting: true });
const tooMany = (what: string): Obstacle =>
  lasting({ code: "limit-exceeded", refused: `${what}; ${MAX_CANDIDATES} signatures are read at most` });
