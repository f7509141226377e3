import {
  type LayoutContent,
  type LayoutImage,
  readLayout,
  type Repository,
  repositoryNamed,
  repositoryOf,
} from "@executor-registry/resolver";
import type { Naming } from "../../model/naming.ts";
import { type ImageSource, type ListedImage, problemOf, type UnreadTag } from "../image-source.ts";
import type { ImageDetails } from "../../model/image.ts";
import { RegistryError } from "../../oci/wire/errors.ts";
import { layoutReader } from "./layout-reader.ts";

/** A folder of images on disk. */
export interface OciLayoutSourceOptions {
  readonly name: string;
  /** As `skopeo copy … oci:FOLDER:NAME` writes it. */
  readonly path: string;
  readonly naming: Naming;
}

/** Every named image of an OCI image layout. Read again by each scan: it is a file. */
export function createOciLayoutSource({ name, path, naming }: OciLayoutSourceOptions): ImageSource {
  const holds = ({ path }: Repository): boolean => naming.holdsExecutors(path);
  return {
    name,
    kind: "oci-layout",
    rank: (repository) => (holds(repository) ? 0 : undefined),
    named: () => [],
    requests: 0,
    throttled: 0,
    async scan({ only, known, signal }, found) {
      let content: LayoutContent;
      try {
        content = await readLayout(path, (reference) => {
          const repository = repositoryOf(reference);
          return holds(repository) && (only === undefined || only.some(({ name }) => name === repository.name));
        });
      } catch (error) {
        return { complete: false, problem: problemOf(error) };
      }
      const listed = byRepository(content.images);
      const unread = unreadByRepository(content.unreadable);
      for (const name of new Set([...listed.keys(), ...unread.keys()])) {
        signal.throwIfAborted();
        const repository = repositoryNamed(name);
        known(repository);
        const [images, tags] = [listed.get(name) ?? [], unread.get(name) ?? []];
        await found({ state: "listed", repository, images, unread: tags });
      }
      const { malformed } = content;
      return { complete: only === undefined && malformed === undefined, ...(malformed && { problem: malformed }) };
    },
    async details(repository, digest, signal) {
      const { images } = await readLayout(path, (reference) => repositoryOf(reference).name === repository.name);
      signal.throwIfAborted();
      const image = images.find((one) => one.digest === digest);
      if (image !== undefined) return detailsOf(image);
      const place = { host: repository.registry, repository: repository.path };
      throw new RegistryError("not-found", `the layout ${path} has no image ${digest}`, place);
    },
    reader: (repository) => layoutReader(path, repository),
    close: () => Promise.resolve(),
  };
}

function unreadByRepository(unreadable: LayoutContent["unreadable"]): Map<string, UnreadTag[]> {
  const repositories = new Map<string, UnreadTag[]>();
  for (const { reference, problem } of unreadable) {
    const { name } = repositoryOf(reference);
    const tags = repositories.get(name) ?? [];
    repositories.set(name, [...tags, { tag: reference.tag ?? "latest", problem }]);
  }
  return repositories;
}

function byRepository(images: readonly LayoutImage[]): Map<string, ListedImage[]> {
  const repositories = new Map<string, ListedImage[]>();
  for (const image of images) {
    const { tag = "latest" } = image.reference;
    const { name } = repositoryOf(image.reference);
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

const detailsOf = ({ reference: _r, digest: _d, platforms, created, ...looks }: LayoutImage): ImageDetails => ({
  ...looks,
  platforms: [...platforms].sort(),
  ...(created === undefined ? {} : { created: new Date(created).toISOString() }),
});
