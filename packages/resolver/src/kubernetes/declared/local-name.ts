import { shortDigest } from "../../reference/digest.ts";
import type { ImageReference } from "../../reference/reference.ts";

const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Whether the name says no registry. The runtime then means Docker Hub, while who loads images into nodes means the nodes.
 * `docker.io/library/…` is what the nodes themselves make of such a name.
 */
export function namesNoRegistry({ registry, repository, original }: ImageReference): boolean {
  return (
    registry === "docker.io" && (repository.startsWith("library/") || !/^(?:index\.)?docker\.io\//i.test(original))
  );
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?<port>:\d+)?$/;

/**
 * Whether a name may be one that only nodes know. `localhost/…` is what podman and buildah call an image without registry.
 * `localhost:PORT/…` may be a registry on each node, or the prefix that Skaffold gives to what it loads; a digest says that it
 * was pushed.
 */
export function mayBeOnNodesOnly(reference: ImageReference): boolean {
  return namesNoRegistry(reference) || (LOOPBACK.test(reference.registry) && reference.digest === undefined);
}

/** Whether only nodes can have it: an image ID as the tag is what Skaffold writes after loading; no registry has such. */
export function isLocalBuild(reference: ImageReference): boolean {
  return mayBeOnNodesOnly(reference) && reference.digest === undefined && IMAGE_ID.test(reference.tag ?? "");
}

/** Whether a registry may have it, too, on the node's own loopback address. */
export function mayBeInLoopbackRegistry(reference: ImageReference): boolean {
  return LOOPBACK.exec(reference.registry)?.groups?.["port"] !== undefined && !isLocalBuild(reference);
}

/** How people know an image. An image ID used as a tag is shortened. */
export function versionOf({ tag, digest }: ImageReference): string {
  if (tag !== undefined) return IMAGE_ID.test(tag) ? tag.slice(0, 12) : tag;
  return digest === undefined ? "" : shortDigest(digest);
}
