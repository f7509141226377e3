import type { Clock, Digest } from "@executor-registry/resolver";
import { repositoryAt, systemClock } from "@executor-registry/resolver";
import { type BlobDescriptor, describeBytes } from "../../../../../testing/images.ts";
import { pushArtifact, pushImage, pushIndex, type PushTarget } from "../../../../../testing/push.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { cosignAnnotations, messageSignature, type Signer, simplePayload } from "../../../../../testing/sigstore.ts";
import { type RepositoryReader, repositoryReader } from "../../oci/read/repository-reader.ts";
import type { Check, Judgement } from "../check.ts";
import { createSignatureCheck, SignatureSettings } from "../signature.ts";

export const REPOSITORY = "team/executor-ml";
const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
export const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY = Buffer.from("{}");

/** The check of settings as they are written. */
export const checkOf = (written: object, clock: Clock = systemClock): Check =>
  createSignatureCheck(SignatureSettings.parse(written), 86_400_000, { clock });

/** What a check answers about an image of a registry. */
export async function judged(
  check: Check,
  host: string,
  digest: Digest,
  signal: AbortSignal,
  reader: RepositoryReader = readerOf(host),
): Promise<Judgement> {
  return check.judge(
    { image: { repository: repositoryAt(host, REPOSITORY), digest, tags: ["1.0.0"] }, reader },
    signal,
  );
}

export const readerOf = (host: string): RepositoryReader => {
  const client = testClient(host);
  return repositoryReader(() => client, REPOSITORY);
};

/** An image that was not there before. */
export const freshImage = (target: PushTarget): Promise<BlobDescriptor> =>
  pushImage(target, REPOSITORY, undefined, { size: 16 });

/** One layer of simple signing. */
export interface SimpleSignature {
  readonly payload: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What `cosign sign --key` makes. */
export const byKey = (digest: Digest, signer: Signer, optional: object | null = null): SimpleSignature => {
  const payload = simplePayload(digest, optional);
  return { payload, annotations: cosignAnnotations(messageSignature(payload, signer), signer) };
};

export const simpleManifest = (signatures: readonly SimpleSignature[]) => ({
  config: describeBytes("application/vnd.oci.image.config.v1+json", EMPTY),
  layers: signatures.map(({ payload, annotations }) => ({ ...describeBytes(SIMPLE_SIGNING, payload), annotations })),
});

/** Puts signatures under cosign's tag. */
export const pushSimple = (target: PushTarget, digest: Digest, signatures: readonly SimpleSignature[]) =>
  pushArtifact(target, REPOSITORY, `${digest.replace(":", "-")}.sig`, simpleManifest(signatures), [
    EMPTY,
    ...signatures.map(({ payload }) => payload),
  ]);

/** Puts signatures into a manifest that refers to the image, as cosign 2 does experimentally. */
export async function pushReferringSimple(
  target: PushTarget,
  image: BlobDescriptor,
  signatures: readonly SimpleSignature[],
): Promise<void> {
  const type = "application/vnd.dev.cosign.artifact.sig.v1+json";
  const manifest = {
    ...simpleManifest(signatures),
    config: describeBytes(type, EMPTY),
    artifactType: type,
    subject: image,
  };
  const pushed = await pushArtifact(target, REPOSITORY, undefined, manifest, [
    EMPTY,
    ...signatures.map(({ payload }) => payload),
  ]);
  await pushIndex(target, REPOSITORY, image.digest.replace(":", "-"), [{ ...pushed, artifactType: type }]);
}

/** Puts bundles into manifests that refer to the image, as cosign 3 does. @param typed whether the list says of what type they are */
export async function pushBundles(
  target: PushTarget,
  image: BlobDescriptor,
  bundles: readonly object[],
  { typed = true, annotations = {} }: { readonly typed?: boolean; readonly annotations?: Record<string, string> } = {},
): Promise<readonly BlobDescriptor[]> {
  const entries: BlobDescriptor[] = [];
  for (const bundle of bundles) {
    const bytes = Buffer.from(JSON.stringify(bundle));
    const manifest = {
      artifactType: BUNDLE,
      config: describeBytes("application/vnd.oci.empty.v1+json", EMPTY),
      layers: [describeBytes(BUNDLE, bytes)],
      subject: image,
      annotations,
    };
    entries.push(await pushArtifact(target, REPOSITORY, undefined, manifest, [EMPTY, bytes]));
  }
  await pushIndex(
    target,
    REPOSITORY,
    image.digest.replace(":", "-"),
    entries.map((entry) => ({ ...entry, ...(typed && { artifactType: BUNDLE, annotations }) })),
  );
  return entries;
}
