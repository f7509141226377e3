import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "@executor-registry/resolver";

export const IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";

/** What an image says of itself. */
export interface ImageOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** ISO 8601. @default "2026-11-23T12:00:00Z" */
  readonly created?: string;
  /** Bytes of one layer of noise. @default no layer at all */
  readonly size?: number;
  /** @default "linux" */
  readonly os?: string;
  /** @default "amd64" */
  readonly architecture?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** What this refers to, as a signature does to an image. */
  readonly subject?: BlobDescriptor;
  readonly artifactType?: string;
  readonly env?: readonly string[];
  /** Of what is no image: another configuration. @default an image's, of all the above */
  readonly config?: { readonly mediaType: string; readonly text: string };
  /** @default "application/vnd.oci.image.layer.v1.tar" */
  readonly layerType?: string;
}

/** A blob or manifest, as others name it. */
export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** An image's bytes. */
export interface MadeImage {
  readonly descriptor: BlobDescriptor;
  readonly manifest: Buffer;
  /** Configuration and layers, by digest. */
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function describeBytes(mediaType: string, bytes: Uint8Array): BlobDescriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

/** Two images of the same options without `size` are the same image. */
export function makeImage(options: ImageOptions = {}): MadeImage {
  const { created = "2026-11-23T12:00:00Z", os = "linux", architecture = "amd64", size, labels, env } = options;
  const layers = size === undefined ? [] : [randomBytes(size)];
  const image = {
    created,
    os,
    architecture,
    config: { ...(labels && { Labels: labels }), ...(env && { Env: env }) },
    rootfs: { type: "layers", diff_ids: layers.map(sha256) },
  };
  const { mediaType = "application/vnd.oci.image.config.v1+json", text = JSON.stringify(image) } = options.config ?? {};
  const { layerType = "application/vnd.oci.image.layer.v1.tar" } = options;
  const config = Buffer.from(text);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: IMAGE_MANIFEST,
      ...(options.artifactType && { artifactType: options.artifactType }),
      config: describeBytes(mediaType, config),
      layers: layers.map((layer) => describeBytes(layerType, layer)),
      ...(options.subject && { subject: options.subject }),
      ...(options.annotations && { annotations: options.annotations }),
    }),
  );
  const blobs = new Map([config, ...layers].map((blob) => [sha256(blob), blob]));
  return { descriptor: describeBytes(IMAGE_MANIFEST, manifest), manifest, blobs };
}

/** One platform's image in an index. */
export type IndexEntry = BlobDescriptor & {
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
};

export function makeIndex(manifests: readonly IndexEntry[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_INDEX, manifests }));
}

/** Writes an OCI image layout with these tagged images. @returns their digests, by tag */
export async function writeLayout(
  folder: string,
  images: Readonly<Record<string, ImageOptions>>,
): Promise<Map<string, Digest>> {
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const put = (bytes: Buffer): Promise<void> => writeFile(join(blobs, sha256(bytes).slice("sha256:".length)), bytes);
  const digests = new Map<string, Digest>();
  const manifests: object[] = [];
  for (const [tag, options] of Object.entries(images)) {
    const image = makeImage(options);
    for (const blob of [image.manifest, ...image.blobs.values()]) await put(blob);
    manifests.push({ ...image.descriptor, annotations: { "org.opencontainers.image.ref.name": tag } });
    digests.set(tag, image.descriptor.digest);
  }
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_INDEX, manifests }));
  return digests;
}
