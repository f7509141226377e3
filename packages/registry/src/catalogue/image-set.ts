import type { Digest } from "@executor-registry/resolver";
import type { CatalogueImage } from "./state.ts";

/** Images by repository and digest. One key for both would be a long text of its own for each. */
export class ImageSet {
  readonly #repositories = new Map<string, Map<Digest, CatalogueImage>>();

  get(repository: string, digest: Digest): CatalogueImage | undefined {
    return this.#repositories.get(repository)?.get(digest);
  }

  /** Adds an image, or takes the place of the one with its repository and digest. */
  put(image: CatalogueImage): void {
    const { repository, digest } = image;
    const images = this.#repositories.get(repository);
    if (images === undefined) this.#repositories.set(repository, new Map([[digest, image]]));
    else images.set(digest, image);
  }

  /** Those of one repository. */
  of(repository: string): Iterable<CatalogueImage> {
    return this.#repositories.get(repository)?.values() ?? [];
  }

  repositories(): readonly string[] {
    return [...this.#repositories.keys()];
  }

  /** All of them, repository by repository. */
  *[Symbol.iterator](): Generator<CatalogueImage> {
    for (const images of this.#repositories.values()) yield* images.values();
  }
}
