import { type Current, currentOf } from "./current.ts";
import { compareNewest } from "./newest.ts";
import type { CatalogueImage, CatalogueType, ImageState } from "./state.ts";

/** What is asked of a type again and again, worked out once after each change of it. */
export class TypeView {
  readonly current: Current | undefined;
  readonly #type: CatalogueType;
  #newest: readonly CatalogueImage[] | undefined;
  readonly #byState = new Map<ImageState, readonly CatalogueImage[]>();

  constructor(type: CatalogueType) {
    this.#type = type;
    this.current = currentOf(type);
  }

  /** Its images, newest first: all, or those in a state. */
  images(state?: ImageState): readonly CatalogueImage[] {
    this.#newest ??= [...this.#type.images].sort((a, b) => compareNewest(b, a));
    if (state === undefined) return this.#newest;
    let images = this.#byState.get(state);
    if (images === undefined)
      this.#byState.set(state, (images = this.#newest.filter((image) => image.state === state)));
    return images;
  }
}
