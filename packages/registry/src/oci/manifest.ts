import { type Digest, isDigest } from "@executor-registry/resolver";
import { z } from "zod";
import { digestLike, verify } from "./digest.ts";
import { DigestMismatchError, type Place, RegistryError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { MANIFEST_LIMIT } from "./limits.ts";
import { ACCEPT_MANIFESTS, essence, isImageType, isIndexType } from "./media-types.ts";
import type { Descriptor, Manifest, ManifestHead } from "./registry.ts";
import type { Session } from "./session.ts";
import type { Answer } from "./transport.ts";

const annotations = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
const descriptor = z
  .object({
    mediaType: z.string(),
    digest: z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "not a digest"),
    size: z.int().nonnegative(),
    artifactType: z.string().optional(),
    annotations,
    platform: z
      .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
      .nullish()
      .transform((given) => given ?? undefined),
  })
  .transform(({ artifactType, platform, ...rest }): Descriptor => {
    const { os = "", architecture = "", variant } = platform ?? {};
    return {
      ...rest,
      ...(artifactType !== undefined && { artifactType }),
      ...(platform && { platform: { os, architecture, ...(variant !== undefined && variant !== "" && { variant }) } }),
    };
  });

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.nullish(),
  annotations,
};
// One that is both would be read differently by different clients (CVE-2021-41190).
const index = z.object({
  ...common,
  manifests: z.array(descriptor),
  layers: z.never().optional(),
  config: z.never().optional(),
});
const image = z.object({ ...common, config: descriptor, layers: z.array(descriptor), manifests: z.never().optional() });

/** The bytes of a manifest, checked against the digest asked for or, for a tag, the one that the registry names. */
export async function fetchManifest(
  session: Session,
  repository: string,
  reference: string,
  signal: AbortSignal,
): Promise<Manifest> {
  const place = { host: session.host, repository };
  const answer = await session.ask({ ...manifestAsk(repository, reference), limit: MANIFEST_LIMIT }, signal);
  const named = namedDigest(answer);
  const asked = isDigest(reference) ? reference : undefined;
  const digest = asked ?? named ?? digestLike(undefined, answer.body);
  verify(`manifest ${reference}`, digest, answer.body, place);
  if (named !== undefined && named !== digest)
    verify(`manifest ${reference}, by its header,`, named, answer.body, place);
  return parseManifest(answer.body, essence(answer.headers["content-type"]), digest, place);
}

/** A manifest of verified bytes. @throws RegistryError code `registry-protocol` */
export function parseManifest(
  raw: Uint8Array,
  contentType: string | undefined,
  digest: Digest,
  place: Place,
): Manifest {
  const head = parseJson(z.object({ mediaType: z.string().optional() }), raw, `manifest ${digest}`, place);
  const mediaType = contentType ?? head.mediaType ?? "";
  if (head.mediaType !== undefined && head.mediaType !== mediaType) {
    const why = `manifest ${digest} calls itself ${head.mediaType.slice(0, 200)}, but is served as ${mediaType.slice(0, 200)}`;
    throw new RegistryError("registry-protocol", why, place, { retryable: false });
  }
  const same = { digest, mediaType, sizeBytes: raw.length, raw };
  if (isIndexType(mediaType)) {
    const { manifests, ...rest } = parseJson(index, raw, `index ${digest}`, place);
    return { ...same, ...extras(rest), form: "index", manifests };
  }
  if (isImageType(mediaType)) {
    const { config, layers, ...rest } = parseJson(image, raw, `manifest ${digest}`, place);
    return { ...same, ...extras(rest), form: "image", config, layers };
  }
  const old = mediaType.includes("manifest.v1") ? " Push it again with a current tool" : "";
  const why = `manifest ${digest} is of the type ${mediaType.slice(0, 200) || "(none)"}, which is no image.${old}`;
  throw new RegistryError("registry-protocol", why, place, { retryable: false });
}

/** Its digest without its body; `undefined` where the registry itself says that there is none. */
export async function fetchHead(
  session: Session,
  repository: string,
  reference: string,
  signal: AbortSignal,
  known?: Digest,
): Promise<ManifestHead | undefined> {
  const ask = manifestAsk(repository, reference);
  const condition = known === undefined ? {} : { "if-none-match": `"${known}"` };
  const headers = { ...ask.headers, ...condition };
  const answer = await session.ask({ ...ask, headers, method: "HEAD", limit: 0, takes: [304, 404, 405] }, signal);
  if (answer.status === 304 && known !== undefined) return { digest: known };
  const digest = namedDigest(answer);
  if (answer.status === 200 && digest !== undefined) {
    if (isDigest(reference) && reference !== digest && reference.slice(0, 6) === digest.slice(0, 6)) {
      throw new DigestMismatchError("what HEAD names", reference, digest, { host: session.host, repository });
    }
    const mediaType = essence(answer.headers["content-type"]);
    const size = Number(answer.headers["content-length"]);
    return { digest, ...(mediaType !== undefined && { mediaType }), ...(size > 0 && { sizeBytes: size }) };
  }
  // No digest, no HEAD, or a 404 without a body, which may be a proxy's: the whole manifest tells.
  try {
    const { digest, mediaType, sizeBytes } = await fetchManifest(session, repository, reference, signal);
    return { digest, mediaType, sizeBytes };
  } catch (error) {
    if (error instanceof RegistryError && error.code === "not-found") return undefined;
    throw error;
  }
}

function manifestAsk(
  repository: string,
  reference: string,
): Pick<Parameters<Session["ask"]>[0], "path" | "resource"> & { readonly headers: Readonly<Record<string, string>> } {
  return {
    path: `/v2/${repository}/manifests/${reference}`,
    resource: { kind: "repository", name: repository },
    headers: { accept: ACCEPT_MANIFESTS },
  };
}

function namedDigest(answer: Answer): Digest | undefined {
  const header = answer.headers["docker-content-digest"];
  return typeof header === "string" && isDigest(header) ? header : undefined;
}

function extras(rest: {
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string | undefined;
  readonly subject?: Descriptor | null | undefined;
}): Pick<Manifest, "annotations" | "artifactType" | "subject"> {
  const { annotations, artifactType, subject } = rest;
  return { annotations, ...(artifactType !== undefined && { artifactType }), ...(subject && { subject }) };
}
