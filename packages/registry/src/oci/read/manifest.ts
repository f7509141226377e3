import { type Digest, isDigest } from "@executor-registry/resolver";
import { z } from "zod";
import { digestLike, verify } from "./blob.ts";
import { DigestMismatchError, type Place, RegistryError, shown } from "../wire/errors.ts";
import { parseJson } from "../wire/json.ts";
import { DOCUMENT_VALUES, MANIFEST_LIMIT } from "../wire/limits.ts";
import { ambiguousMember, looseText, textMembers } from "../wire/loose.ts";
import {
  ACCEPT_MANIFESTS,
  essence,
  isGeneralType,
  isImageType,
  isIndexType,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../../model/media-types.ts";
import type { Descriptor, Manifest, ManifestHead } from "./registry.ts";
import type { Session } from "./session.ts";
import type { HttpAnswer } from "../wire/transport.ts";

const MAX_ANNOTATIONS = 1000;
const annotations = z
  .unknown()
  .optional()
  .transform((given): Readonly<Record<string, string>> => Object.fromEntries(textMembers(given, MAX_ANNOTATIONS)));
/** Whatever has no member that runtimes may take for one of these. */
const unambiguous = (...names: readonly string[]) =>
  z.unknown().superRefine((given, context) => {
    const twice = ambiguousMember(given, names);
    if (twice !== undefined)
      context.addIssue({ code: "custom", message: `"${twice}" may be taken for another member` });
  });
const platform = unambiguous("os", "architecture", "variant")
  .optional()
  .transform((given): Descriptor["platform"] => {
    const { os, architecture, variant } = Object(given) as Readonly<Record<string, unknown>>;
    const text = (value: unknown): string => (typeof value === "string" ? value.toWellFormed() : "");
    if (text(os) === "" && text(architecture) === "") return undefined;
    return { os: text(os), architecture: text(architecture), ...(text(variant) && { variant: text(variant) }) };
  });

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
const descriptor = unambiguous("digest", "mediaType", "platform", "size")
  .pipe(
    z.object({
      mediaType: looseText,
      digest: z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "not a digest"),
      // Only a limit and a sum are made of it.
      size: z.int().nonnegative().catch(0),
      artifactType: looseText,
      annotations,
      platform,
    }),
  )
  .transform(({ mediaType = "", size, artifactType, platform, ...rest }): Descriptor => ({
    ...rest,
    mediaType,
    size,
    ...(artifactType && { artifactType }),
    ...(platform && { platform }),
  }));

const common = {
  schemaVersion: z.literal(2),
  artifactType: looseText,
  subject: descriptor.nullish(),
  annotations,
};
const none = z.null().optional();
const descriptors = z
  .array(descriptor)
  .nullish()
  .transform((given) => given ?? []);
const children = z
  .unknown()
  .transform((given) => (Array.isArray(given) ? given.filter((child) => child !== null) : given))
  .pipe(descriptors);
// One that is both would be read differently by different clients (CVE-2021-41190).
const index = z.object({ ...common, manifests: children, layers: none, config: none });
const image = z.object({ ...common, config: descriptor, layers: descriptors, manifests: none });
/** What decides what a manifest is, and what runtimes run by it. */
const DECIDING = ["config", "layers", "manifests", "mediaType", "subject"];
/** What says what a manifest is. */
const identity = z.looseObject({
  schemaVersion: z.unknown().optional(),
  mediaType: looseText,
  manifests: z.unknown().optional(),
  config: z.unknown().optional(),
});

/** The specification lets a manifest leave out its type. */
function impliedType({ manifests, config }: z.output<typeof identity>): string {
  if (manifests) return OCI_INDEX;
  return config ? OCI_MANIFEST : "";
}

/** The bytes of a manifest, checked against the digest asked for or, for a tag, the one that the registry names. */
export async function fetchManifest(
  session: Session,
  repository: string,
  reference: string,
  signal: AbortSignal,
): Promise<Manifest> {
  const answer = await session.ask({ ...manifestAsk(repository, reference), limit: MANIFEST_LIMIT }, signal);
  return readManifest(answer, reference, { host: session.host, repository });
}

function readManifest(answer: HttpAnswer, reference: string, place: Place): Manifest {
  const named = namedDigest(answer);
  const asked = isDigest(reference) ? reference : undefined;
  const digest = asked ?? named ?? digestLike(undefined, answer.body);
  verify(`manifest ${reference}`, digest, answer.body, place);
  if (named !== undefined && named !== digest)
    verify(`manifest ${reference}, by its header,`, named, answer.body, place);
  return parseManifest(answer.body, essence(answer.headers["content-type"]), digest, place);
}

/**
 * A manifest of verified bytes. A general content type, such as a file server's, says nothing: then the body's own type counts.
 * @throws RegistryError code `registry-protocol`, with the digest
 */
export function parseManifest(
  raw: Uint8Array,
  contentType: string | undefined,
  digest: Digest,
  place: Place,
): Manifest {
  const bounds = { values: DOCUMENT_VALUES, digest };
  const head = parseJson(identity, raw, `manifest ${digest}`, place, bounds);
  const served = contentType !== undefined && isGeneralType(contentType) ? undefined : contentType;
  const mediaType = served ?? (essence(head.mediaType) || impliedType(head));
  const odd = (why: string): RegistryError =>
    new RegistryError("registry-protocol", `manifest ${digest} ${why}`, place, { retryable: false, digest });
  const twice = ambiguousMember(head, DECIDING);
  if (twice !== undefined) throw odd(`has a "${shown(twice, 50)}", which runtimes may take for another member`);
  if (head.mediaType && essence(head.mediaType) !== mediaType)
    throw odd(`calls itself ${shown(head.mediaType, 200)}, but is served as ${shown(mediaType, 200)}`);
  const same = { digest, mediaType, sizeBytes: raw.length, raw };
  if (isIndexType(mediaType)) {
    const { manifests, ...rest } = parseJson(index, raw, `index ${digest}`, place, bounds);
    return { ...same, ...extras(rest), form: "index", manifests };
  }
  if (isImageType(mediaType)) {
    const { config, layers, ...rest } = parseJson(image, raw, `manifest ${digest}`, place, bounds);
    return { ...same, ...extras(rest), form: "image", config, layers };
  }
  const old =
    head.schemaVersion === 1 || mediaType.includes("manifest.v1") ? ". Push it again with a current tool" : "";
  throw odd(`is of the type ${shown(mediaType, 200) || "(none)"}, which is not an image${old}`);
}

/** What registries and firewalls before them answer to a HEAD that they do not offer; 404 too. */
const NO_HEAD = [400, 404, 405, 406, 410, 415, 422, 501] as const;

/**
 * Its digest without its body; `undefined` where the registry itself says that there is none. Where HEAD brings nothing, GET is tried, and
 * used for an hour if that brings it.
 */
export async function fetchHead(
  session: Session,
  repository: string,
  reference: string,
  signal: AbortSignal,
  known?: Digest,
): Promise<ManifestHead | undefined> {
  const { learnt } = session;
  const head = learnt.headless ? "refused" : await askHead(session, repository, reference, signal, known);
  if (typeof head === "object") return head;
  // No digest, no HEAD, or a 404 without a body, which may be a proxy's: the whole manifest says so.
  try {
    const ask = manifestAsk(repository, reference, known);
    const answer = await session.ask({ ...ask, limit: MANIFEST_LIMIT, takes: [304] }, signal);
    learnt.headless = true;
    if (answer.status === 304 && known !== undefined) return { digest: known };
    const { digest, mediaType, sizeBytes } = readManifest(answer, reference, { host: session.host, repository });
    return { digest, mediaType, sizeBytes };
  } catch (error) {
    if (error instanceof RegistryError && error.code === "not-found") return undefined;
    // What can be fetched and not be read is no fault of GET's.
    if (!(error instanceof RegistryError && error.digest !== undefined)) learnt.headless = false;
    throw error;
  }
}

async function askHead(
  session: Session,
  repository: string,
  reference: string,
  signal: AbortSignal,
  known: Digest | undefined,
): Promise<ManifestHead | "refused"> {
  const ask = manifestAsk(repository, reference, known);
  let answer: HttpAnswer;
  try {
    answer = await session.ask({ ...ask, method: "HEAD", limit: 0, takes: [304, ...NO_HEAD] }, signal);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const cut = error.code === "timeout" || (error.cause as NodeJS.ErrnoException | undefined)?.code === "ECONNRESET";
    // A registry that is busy or away would not answer a GET either; a firewall may hold or cut HEADs alone.
    if (!cut && (error.status === undefined || error.status === 503 || error.code === "throttled")) throw error;
    return "refused";
  }
  if (answer.status === 304 && known !== undefined) return { digest: known };
  const digest = namedDigest(answer);
  if (answer.status !== 200 || digest === undefined) return "refused";
  if (isDigest(reference) && reference !== digest && reference.slice(0, 6) === digest.slice(0, 6)) {
    throw new DigestMismatchError("what HEAD names", reference, digest, { host: session.host, repository });
  }
  const mediaType = essence(answer.headers["content-type"]);
  const size = Number(answer.headers["content-length"]);
  return { digest, ...(mediaType !== undefined && { mediaType }), ...(size > 0 && { sizeBytes: size }) };
}

function manifestAsk(
  repository: string,
  reference: string,
  known?: Digest,
): Pick<Parameters<Session["ask"]>[0], "path" | "resource"> & { readonly headers: Readonly<Record<string, string>> } {
  return {
    path: `/v2/${repository}/manifests/${reference}`,
    resource: { kind: "repository", name: repository },
    headers: { accept: ACCEPT_MANIFESTS, ...(known !== undefined && { "if-none-match": `"${known}"` }) },
  };
}

function namedDigest(answer: HttpAnswer): Digest | undefined {
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
