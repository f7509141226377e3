import { readLayout, type LayoutImage } from "@executor-registry/resolver";
import type { Naming } from "../catalogue/naming.ts";
import { problemOf } from "./problem.ts";
import { pathOf } from "./repository-name.ts";
import type { ImageDetails } from "../catalogue/image.ts";
import type { ImageSource, ListedImage } from "./image-source.ts";

/** A folder of images on disk. */
export interface OciLayoutSourceOptions {
  readonly name: string;
  /** As `skopeo copy … oci:FOLDER:NAME` writes it. */
  readonly path: string;
  readonly naming: Naming;
}

/** Every named image of an OCI image layout. Read anew by each scan: it is a file. */
export function createOciLayoutSource({ name, path, naming }: OciLayoutSourceOptions): ImageSource {
  const holds = (repository: string): boolean => naming.holdsExecutors(pathOf(repository));
  return {
    name,
    kind: "oci-layout",
    rank: (repository) => (holds(repository) ? 0 : undefined),
    named: () => [],
    requests: 0,
    async scan({ only, known, signal }, found) {
      let images: readonly LayoutImage[];
      try {
        images = await readLayout(path);
      } catch (error) {
        return { complete: false, problem: problemOf(error) };
      }
      for (const [repository, listed] of byRepository(images)) {
        signal.throwIfAborted();
        if (!holds(repository) || (only && !only.includes(repository))) continue;
        known(repository);
        await found({ state: "listed", repository, images: listed, unread: [] });
      }
      return { complete: only === undefined };
    },
    details: (repository) => Promise.reject(new TypeError(`the listing of ${repository} brings all details`)),
    close: () => Promise.resolve(),
  };
}

function byRepository(images: readonly LayoutImage[]): Map<string, ListedImage[]> {
  const repositories = new Map<string, ListedImage[]>();
  for (const image of images) {
    const { registry, repository, tag = "latest" } = image.reference;
    const name = `${registry}/${repository}`;
    const listed = repositories.get(name) ?? [];
    const same = listed.findIndex(({ digest }) => digest === image.digest);
    const tags = [...(listed[same]?.tags ?? []), tag].sort();
    const entry = { digest: image.digest, tags, details: detailsOf(image) };
    if (same < 0) listed.push(entry);
    else listed[same] = entry;
    repositories.set(name, listed);
  }
  return repositories;
}

const detailsOf = ({ mediaType, configType, platforms, labels, sizeBytes, created }: LayoutImage): ImageDetails => ({
  mediaType,
  ...(configType === undefined ? { holdsImage: false } : { configType }),
  platforms: [...platforms].sort(),
  labels,
  sizeBytes,
  ...(created === undefined ? {} : { created: new Date(created).toISOString() }),
});
