import type { Digest } from "@executor-registry/resolver";
import { RegistryError } from "../wire/errors.ts";
import { fetchManifest, parseManifest } from "./manifest.ts";
import { digestLike } from "./blob.ts";
import { essence, OCI_EMPTY, OCI_INDEX } from "../../model/media-types.ts";
import { pages } from "./pages.ts";
import type { Descriptor } from "./registry.ts";
import type { Session } from "./session.ts";

/** What registries without the referrers API answer; some answer 200 with something else. */
const UNSUPPORTED = [400, 404, 405, 406] as const;

/**
 * What refers to a manifest. Of what the list does not say the type of, the manifest says it.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export async function fetchReferrers(
  session: Session,
  repository: string,
  subject: Digest,
  artifactType: string | undefined,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const found =
    (await byApi(session, repository, subject, artifactType, signal)) ??
    (await byTag(session, repository, subject, signal));
  const listed = found.map(withoutPlaceholder);
  // A registry may filter, and need not. Older writers of the tag leave the type out.
  return artifactType === undefined
    ? listed
    : listed.filter((one) => one.artifactType === undefined || one.artifactType === artifactType);
}

/** cosign's library writes the type of an empty configuration into the tag, in place of the manifest's own type: that says nothing. */
function withoutPlaceholder(descriptor: Descriptor): Descriptor {
  if (descriptor.artifactType !== OCI_EMPTY) return descriptor;
  const { artifactType: _, ...rest } = descriptor;
  return rest;
}

/** `undefined` where the registry has no such API. */
async function byApi(
  session: Session,
  repository: string,
  subject: Digest,
  artifactType: string | undefined,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const place = { host: session.host, repository };
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType }).toString()}`;
  const list = {
    path: `/v2/${repository}/referrers/${subject}${query}`,
    resource: { kind: "repository", name: repository } as const,
    headers: { accept: OCI_INDEX },
    takes: UNSUPPORTED,
  };
  const found: Descriptor[] = [];
  for await (const { status, headers, body } of pages(session, list, place, signal)) {
    if (status >= 400 || essence(headers["content-type"]) !== OCI_INDEX) return undefined;
    const page = parseManifest(body, OCI_INDEX, digestLike(undefined, body), place);
    if (page.form === "index") for (const one of page.manifests) found.push(one);
  }
  return found;
}

/** The tag that clients keep where the registry does not keep the list. */
async function byTag(
  session: Session,
  repository: string,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  try {
    const manifest = await fetchManifest(session, repository, subject.replace(":", "-"), signal);
    return manifest.form === "index" ? manifest.manifests : [];
  } catch (error) {
    if (error instanceof RegistryError && error.code === "not-found") return [];
    throw error;
  }
}

/** `sha256-<hex>` alone is the referrers' fallback; with an ending, cosign's signatures, attestations and SBOMs. */
const OF_A_DIGEST = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{128})(?:\.(?:sig|att|sbom|cosign|vex))?$/;
const COSIGN = /\.(?:sig|att|sbom)$/;

/**
 * Whether a tag holds no image, but what is attached to one.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function isArtifactTag(tag: string): boolean {
  return OF_A_DIGEST.test(tag) || COSIGN.test(tag);
}
