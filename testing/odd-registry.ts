import type { Digest } from "@executor-registry/resolver";
import { type BlobDescriptor, describeBytes, IMAGE_MANIFEST, sha256 } from "./images.ts";
import { type RegistryProxy, startRegistryProxy } from "./registry-proxy.ts";

const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** What an image says, and how. */
export interface OddImage {
  /** Bytes, or an object to which platform and time are added. @default an ordinary configuration */
  readonly config?: object | string | Buffer;
  /** @default an image's */
  readonly configType?: string;
  /** Members of the manifest besides, or in place of, the usual ones. */
  readonly manifest?: object;
  /** The header that the manifest is served with. @default the manifest's own type */
  readonly contentType?: string;
}

/** A registry that holds all that it is given: what real ones would not take, and what old or damaged ones serve. */
export interface OddRegistry extends RegistryProxy {
  /** @returns what an index names it by */
  image(repository: string, tag: string | undefined, image?: OddImage): BlobDescriptor;
  manifest(repository: string, tag: string | undefined, manifest: object, contentType?: string): BlobDescriptor;
  blob(repository: string, bytes: string | Buffer, mediaType: string): BlobDescriptor;
  /** Loses a manifest or blob; tags still name it. */
  lose(repository: string, digest: Digest): void;
}

interface Repository {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly type: string }>;
  readonly blobs: Map<string, Buffer>;
}

export async function startOddRegistry(): Promise<OddRegistry> {
  const repositories = new Map<string, Repository>();
  const at = (name: string): Repository => {
    const there = repositories.get(name) ?? { tags: new Map(), manifests: new Map(), blobs: new Map() };
    repositories.set(name, there);
    return there;
  };
  const proxy = await startRegistryProxy();
  proxy.intercept((request, response) => {
    const { pathname } = new URL(request.url ?? "", proxy.url);
    const head = request.method === "HEAD";
    const send = (status: number, body: object | Buffer, headers = {}): true => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length, ...headers });
      response.end(head ? undefined : bytes);
      return true;
    };
    const none = (code: string): true => send(404, { errors: [{ code, message: "unknown" }] });
    if (pathname === "/v2/_catalog") return send(200, { repositories: [...repositories.keys()].sort() });
    const [, name = "", kind, wanted = ""] = /^\/v2\/(.+)\/(tags|manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
    const repository = repositories.get(name);
    if (repository === undefined) return none("NAME_UNKNOWN");
    if (kind === "tags") return send(200, { name, tags: [...repository.tags.keys()].sort() });
    if (kind === "blobs") {
      const blob = repository.blobs.get(wanted);
      return blob ? send(200, blob, { "content-type": "application/octet-stream" }) : none("BLOB_UNKNOWN");
    }
    const digest = repository.tags.get(wanted) ?? wanted;
    const found = repository.manifests.get(digest);
    if (found === undefined) return none("MANIFEST_UNKNOWN");
    return send(200, found.bytes, { "content-type": found.type, "docker-content-digest": digest });
  });

  const blob = (repository: string, bytes: string | Buffer, mediaType: string): BlobDescriptor => {
    const held = Buffer.from(bytes);
    at(repository).blobs.set(sha256(held), held);
    return describeBytes(mediaType, held);
  };
  const manifest: OddRegistry["manifest"] = (repository, tag, document, contentType) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const { mediaType = IMAGE_MANIFEST } = document as { readonly mediaType?: string };
    const descriptor = describeBytes(mediaType, bytes);
    at(repository).manifests.set(descriptor.digest, { bytes, type: contentType ?? mediaType });
    if (tag !== undefined) at(repository).tags.set(tag, descriptor.digest);
    return descriptor;
  };
  return Object.assign(proxy, {
    blob,
    manifest,
    image(repository: string, tag: string | undefined, options: OddImage = {}) {
      const { config = {}, configType = CONFIG, contentType } = options;
      const usual = { architecture: "amd64", os: "linux", created: "2026-11-10T00:00:00Z" };
      const raw = typeof config === "string" || Buffer.isBuffer(config);
      const document = {
        schemaVersion: 2,
        mediaType: IMAGE_MANIFEST,
        config: blob(repository, raw ? config : JSON.stringify({ ...usual, ...config }), configType),
        layers: [blob(repository, "a layer", LAYER)],
        ...options.manifest,
      };
      return manifest(repository, tag, document, contentType);
    },
    lose(repository: string, digest: Digest) {
      at(repository).manifests.delete(digest);
      at(repository).blobs.delete(digest);
    },
  });
}
