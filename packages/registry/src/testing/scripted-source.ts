import { type Digest, ExecutorRegistryError, repositoryAt } from "@executor-registry/resolver";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import type { ImageSource, ListedImage, RepositoryListing, ScanOutcome, ScanRequest } from "../sources/image-source.ts";

const nothing = (): Promise<never> =>
  Promise.reject(new ExecutorRegistryError("unreachable", "the registry is only scripted"));
/** A repository of which only what the listing says is known: the registry does not answer otherwise. */
export const unreadable: RepositoryReader = { manifest: nothing, tagged: nothing, referrers: nothing, blob: nothing };

/** A source whose every scan is what the test makes of it. */
export function scriptedSource(
  scan: (request: ScanRequest, found: (listing: RepositoryListing) => Promise<void>) => Promise<ScanOutcome>,
  details: ImageSource["details"] = () => Promise.reject(new TypeError("listings bring all details")),
): ImageSource {
  return {
    name: "scripted",
    kind: "oci",
    rank: () => 0,
    named: (path, registry = "registry.test") => [repositoryAt(registry, path)],
    requests: 0,
    throttled: 0,
    scan,
    details,
    reader: () => unreadable,
    close: () => Promise.resolve(),
  };
}

/** An image whose digest is made of one character. */
export function listedImage(character: string, ...tags: readonly string[]): ListedImage {
  const digest: Digest = `sha256:${character.repeat(64)}`;
  return {
    digest,
    tags: [...tags].sort(),
    details: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      configType: "application/vnd.oci.image.config.v1+json",
      platforms: [],
      labels: {},
    },
  };
}

export const listing = (path: string, ...images: readonly ListedImage[]): RepositoryListing => ({
  state: "listed",
  repository: repositoryAt("registry.test", path),
  images,
  unread: [],
  asked: true,
});

/** A promise that a test resolves when it wants to. */
export function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
