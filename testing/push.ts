import type { Digest } from "@executor-registry/resolver";
import {
  type BlobDescriptor,
  describeBytes,
  IMAGE_INDEX,
  IMAGE_MANIFEST,
  type ImageOptions,
  type IndexEntry,
  makeImage,
  makeIndex,
  sha256,
} from "./images.ts";

/** A registry on the loopback; `authorization` is sent with every request. */
export interface PushTarget {
  readonly url: string;
  readonly authorization?: string;
}

/** Pushes an image over HTTP, without an engine. @returns what a reference or an index names it by */
export async function pushImage(
  target: PushTarget,
  repository: string,
  tag: string | undefined,
  options: ImageOptions = {},
): Promise<BlobDescriptor> {
  const image = makeImage(options);
  for (const blob of image.blobs.values()) await pushBlob(target, repository, blob);
  await pushManifest(target, repository, tag ?? image.descriptor.digest, image.manifest, IMAGE_MANIFEST);
  return image.descriptor;
}

/** Pushes an index of manifests that are there. */
export async function pushIndex(
  target: PushTarget,
  repository: string,
  tag: string,
  entries: readonly IndexEntry[],
): Promise<BlobDescriptor> {
  const index = makeIndex(entries);
  await pushManifest(target, repository, tag, index, IMAGE_INDEX);
  return describeBytes(IMAGE_INDEX, index);
}

/** Pushes a manifest of any kind with the blobs that it names. @returns what an index names it by */
export async function pushArtifact(
  target: PushTarget,
  repository: string,
  tag: string | undefined,
  manifest: object,
  blobs: readonly Uint8Array[],
): Promise<BlobDescriptor> {
  for (const blob of blobs) await pushBlob(target, repository, blob);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_MANIFEST, ...manifest }));
  const descriptor = describeBytes(IMAGE_MANIFEST, bytes);
  await pushManifest(target, repository, tag ?? descriptor.digest, bytes, IMAGE_MANIFEST);
  return descriptor;
}

/** Gives what is there one more tag, or moves a tag: one request. */
export async function pushManifest(
  target: PushTarget,
  repository: string,
  reference: string,
  manifest: Uint8Array,
  mediaType: string,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  await send(target, "PUT", path, 201, { "content-type": mediaType }, manifest);
}

/** Puts a blob into the repository, in two requests. */
async function pushBlob(target: PushTarget, repository: string, blob: Uint8Array): Promise<Digest> {
  const digest = sha256(blob);
  const response = await send(target, "POST", `/v2/${repository}/blobs/uploads/`, 202);
  const upload = new URL(response.headers.get("location") ?? "", target.url);
  upload.searchParams.set("digest", digest);
  await send(
    target,
    "PUT",
    `${upload.pathname}${upload.search}`,
    201,
    { "content-type": "application/octet-stream" },
    blob,
  );
  return digest;
}

/** Deletes a manifest and with it every tag of it. */
export async function deleteManifest(target: PushTarget, repository: string, digest: Digest): Promise<void> {
  await send(target, "DELETE", `/v2/${repository}/manifests/${digest}`, 202);
}

async function send(
  { url, authorization }: PushTarget,
  method: string,
  path: string,
  expected: number,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<Response> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    ...(body && { body: new Uint8Array(body) }),
  });
  if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
  return response;
}
