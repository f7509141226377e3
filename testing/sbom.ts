import type { Digest } from "@executor-registry/resolver";
import { type BlobDescriptor, describeBytes, IMAGE_MANIFEST, type IndexEntry } from "./images.ts";
import { pushArtifact, pushIndex, type PushTarget } from "./push.ts";

const EMPTY = Buffer.from("{}");
const IN_TOTO = "application/vnd.in-toto+json";
const SPDX_PREDICATE = "https://spdx.dev/Document";

/** An in-toto statement around an SBOM. */
export const sbomStatement = (image: Digest, sbom: object, predicateType = SPDX_PREDICATE): object => ({
  _type: "https://in-toto.io/Statement/v0.1",
  subject: [{ name: "_", digest: { sha256: image.slice("sha256:".length) } }],
  predicateType,
  predicate: sbom,
});

/** A signed envelope around a statement; its signature proves nothing. */
export const sbomEnvelope = (statement: object): object => ({
  payloadType: IN_TOTO,
  payload: Buffer.from(JSON.stringify(statement)).toString("base64"),
  signatures: [{ sig: "c2lnbmF0dXJl" }],
});

interface Layer {
  readonly mediaType: string;
  /** Bytes, or what is written as JSON. */
  readonly content: object | Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function pushLayers(
  target: PushTarget,
  repository: string,
  tag: string | undefined,
  layers: readonly Layer[],
  members: object,
): Promise<BlobDescriptor> {
  const made = layers.map(({ mediaType, content, annotations }) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    return { bytes, descriptor: { ...describeBytes(mediaType, bytes), ...(annotations && { annotations }) } };
  });
  const manifest = {
    config: describeBytes("application/vnd.oci.empty.v1+json", EMPTY),
    ...members,
    layers: made.map(({ descriptor }) => descriptor),
  };
  return pushArtifact(target, repository, tag, manifest, [EMPTY, ...made.map(({ bytes }) => bytes)]);
}

/** As `oras attach` does it, and `cosign attest` with bundles: a manifest that refers to the image, and the fallback tag that lists it. */
export async function attachReferrer(
  target: PushTarget,
  repository: string,
  image: BlobDescriptor,
  artifactType: string,
  ...layers: readonly Layer[]
): Promise<BlobDescriptor> {
  const pushed = await pushLayers(target, repository, undefined, layers, { artifactType, subject: image });
  await pushIndex(target, repository, image.digest.replace(":", "-"), [{ ...pushed, artifactType }]);
  return pushed;
}

/** As cosign keeps it: under a tag that has the image's digest. @param ending `.att` or `.sbom` */
export const attachByTag = (
  target: PushTarget,
  repository: string,
  image: BlobDescriptor,
  ending: ".att" | ".sbom",
  layer: Layer,
): Promise<BlobDescriptor> => pushLayers(target, repository, `${image.digest.replace(":", "-")}${ending}`, [layer], {});

/** As `docker buildx build --sbom=true` pushes it: an attestation manifest in the index beside the image. */
export async function pushAttestation(
  target: PushTarget,
  repository: string,
  image: BlobDescriptor,
  sbom: object,
): Promise<IndexEntry> {
  const layer = {
    mediaType: IN_TOTO,
    content: sbomStatement(image.digest, sbom),
    annotations: { "in-toto.io/predicate-type": SPDX_PREDICATE },
  };
  const config = Buffer.from(JSON.stringify({ architecture: "unknown", os: "unknown", config: {} }));
  const pushed = await pushArtifact(
    target,
    repository,
    undefined,
    {
      config: describeBytes("application/vnd.oci.image.config.v1+json", config),
      layers: [{ ...describeBytes(layer.mediaType, json(layer.content)), annotations: layer.annotations }],
    },
    [config, json(layer.content)],
  );
  return {
    ...pushed,
    mediaType: IMAGE_MANIFEST,
    platform: { os: "unknown", architecture: "unknown" },
    annotations: {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": image.digest,
    },
  };
}

const json = (content: object): Buffer => Buffer.from(JSON.stringify(content));
