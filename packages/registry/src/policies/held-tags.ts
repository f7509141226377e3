import type { Digest } from "@executor-registry/resolver";
import type { CatalogueImage } from "../catalogue/state.ts";
import { versionTag } from "../model/version-tag.ts";

/** The tags by which an image may be chosen, and one of its tags that names another image. */
export interface ImageNames {
  readonly tags: readonly string[];
  readonly moved?: string;
}

/** Tags that stay with the image that they named first, whatever they name now. */
export class HeldTags {
  readonly #holders: ReadonlyMap<string, Digest>;
  readonly #held: ReadonlySet<Digest>;

  constructor(holders: ReadonlyMap<string, Digest>) {
    this.#holders = holders;
    this.#held = new Set(holders.values());
  }

  /** Whether a tag stays with an image. */
  holds({ digest }: CatalogueImage): boolean {
    return this.#held.has(digest);
  }

  affects({ tags, digest }: CatalogueImage): boolean {
    return this.#holders.size > 0 && (this.#held.has(digest) || tags.some((tag) => this.#holders.has(tag)));
  }

  namesOf(image: CatalogueImage): ImageNames {
    const { digest } = image;
    const tags = ownNames(image).tags.filter((tag) => (this.#holders.get(tag) ?? digest) === digest);
    if (this.#held.has(digest)) {
      for (const [tag, holder] of this.#holders) if (holder === digest && !tags.includes(tag)) tags.push(tag);
    }
    const moved = image.tags.find((tag) => !tags.includes(tag));
    return { tags, ...(moved !== undefined && { moved }) };
  }
}

/** As the registry has them now. */
export const ownNames = ({ tags, untagged }: CatalogueImage): ImageNames =>
  untagged === undefined ? { tags } : { tags: [], moved: versionTag(tags) };
