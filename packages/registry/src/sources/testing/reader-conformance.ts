import assert from "node:assert/strict";
import type { Digest } from "@executor-registry/resolver";
import { pushImage, pushIndex, type PushTarget } from "../../../../../testing/push.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";

export const SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json";
export const SBOM = "application/spdx+json";
const MISSING: Digest = `sha256:${"0".repeat(64)}`;

/** An image, and what refers to it. */
export interface SignedImage {
  readonly image: Digest;
  readonly signature: Digest;
  readonly sbom: Digest;
}

/** Pushes an image with a signature and an SBOM, under the tag that lists them where the registry has no referrers API. */
export async function pushSigned(target: PushTarget, repository: string): Promise<SignedImage> {
  const image = await pushImage(target, repository, "1.0.0", { size: 16 });
  const signature = await pushImage(target, repository, undefined, { artifactType: SIGNATURE, subject: image });
  const sbom = await pushImage(target, repository, undefined, { artifactType: SBOM, subject: image });
  await pushIndex(target, repository, image.digest.replace(":", "-"), [
    { ...signature, artifactType: SIGNATURE },
    { ...sbom, artifactType: SBOM },
  ]);
  return { image: image.digest, signature: signature.digest, sbom: sbom.digest };
}

/** What every source's reader does. */
export async function assertReads(
  reader: RepositoryReader,
  { image, signature, sbom }: SignedImage,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await reader.manifest(image, signal);
  assert.equal(manifest.digest, image);
  assert.ok(manifest.form === "image" && manifest.raw.length === manifest.sizeBytes);
  const bytes = await reader.blob(manifest.config.digest, 1 << 20, signal);
  assert.equal((JSON.parse(Buffer.from(bytes).toString()) as { os: string }).os, "linux");
  const digests = async (type?: string) => (await reader.referrers(image, type, signal)).map(({ digest }) => digest);
  assert.deepEqual(new Set(await digests()), new Set([signature, sbom]));
  assert.deepEqual(await digests(SIGNATURE), [signature]);
  assert.deepEqual(await digests("application/vnd.other"), []);
  assert.equal((await reader.manifest(signature, signal)).subject?.digest, image);
  assert.equal((await reader.tagged("1.0.0", signal)).digest, image);
  await assert.rejects(reader.tagged("none.sig", signal), { code: "not-found" });

  await assert.rejects(reader.blob(manifest.config.digest, 1, signal), { code: "too-large" });
  await assert.rejects(reader.manifest(MISSING, signal), { code: "not-found" });
  await assert.rejects(reader.blob(MISSING, 100, signal), { code: "not-found" });
  const ended = AbortSignal.abort(new Error("enough"));
  await assert.rejects(reader.manifest(image, ended), /enough/);
  await assert.rejects(reader.referrers(image, undefined, ended), /enough/);
  await assert.rejects(reader.blob(image, 100, ended), /enough/);
}
