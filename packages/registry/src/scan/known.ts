import { type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { KnownRepository } from "../sources/image-source.ts";

/** What the catalogue knows of a repository: the images that are still there, and what was found to be unreadable for good. */
export function knownOf(catalogue: Catalogue, repository: string): KnownRepository {
  const images = catalogue.imagesOf(repository);
  const byTag = new Map<string, Digest>();
  const unreadable = new Map<Digest, ExecutorRegistryError>();
  for (const { state, tags, digest } of images.values()) {
    if (state !== "withdrawn") for (const tag of tags) byTag.set(tag, digest);
  }
  for (const { tag, digest, code, reason } of catalogue.readsOf(repository)?.unread ?? []) {
    if (digest === undefined) continue;
    byTag.set(tag, digest);
    unreadable.set(digest, new ExecutorRegistryError(code, reason, { retryable: false }));
  }
  return {
    digestOf: (tag) => byTag.get(tag),
    unreadable: (digest) => unreadable.get(digest),
    hasDetails: (digest) => images.get(digest)?.details !== undefined,
  };
}
