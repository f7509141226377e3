import type { CatalogueImage } from "../catalogue/state.ts";
import type { Denial } from "../model/denial.ts";
import { TagPattern } from "./pattern.ts";

interface DenyingPattern {
  readonly denial: Denial;
  readonly pattern: TagPattern;
  readonly matched: WeakMap<CatalogueImage, boolean>;
}

/** Finds the denial that keeps an image out, if there is one. What is denied is looked up, so that many denials cost little. */
export class DenialIndex {
  /** By digest and by tag. */
  readonly #named = new Map<string, Denial>();
  readonly #patterns: DenyingPattern[] = [];
  /** Patterns that cannot be used, of a journal that another release has written. */
  readonly unusable: Denial[] = [];

  constructor(denials: readonly Denial[]) {
    for (const denial of denials) {
      const { version, digest, digests = [], pattern: source } = denial;
      for (const name of [version, digest, ...digests]) if (name !== undefined) this.#named.set(name, denial);
      if (source === undefined) continue;
      const pattern = TagPattern.parse(source);
      if (typeof pattern === "string") this.unusable.push(denial);
      else this.#patterns.push({ denial, pattern, matched: new WeakMap() });
    }
  }

  of(image: CatalogueImage): Denial | undefined {
    if (this.#named.size > 0) {
      const byDigest = this.#named.get(image.digest);
      if (byDigest !== undefined) return byDigest;
      for (const tag of image.tags) {
        const byTag = this.#named.get(tag);
        if (byTag !== undefined) return byTag;
      }
    }
    return this.#patterns.find((one) => matches(one, image))?.denial;
  }
}

function matches({ pattern, matched }: DenyingPattern, image: CatalogueImage): boolean {
  let is = matched.get(image);
  if (is === undefined) matched.set(image, (is = image.tags.some((tag) => pattern.matches(tag))));
  return is;
}

/** By the list that they were made from: it is the same one until a denial is made or ends. */
const indexes = new WeakMap<readonly Denial[], DenialIndex>();

export function denialIndex(denials: readonly Denial[]): DenialIndex {
  let index = indexes.get(denials);
  if (index === undefined) indexes.set(denials, (index = new DenialIndex(denials)));
  return index;
}
