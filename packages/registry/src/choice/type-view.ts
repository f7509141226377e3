import { type Current, currentOf, type ReadsOf } from "./current.ts";
import type { UnreadRecord } from "../model/change.ts";
import type { OnInvalid } from "../model/verdict.ts";
import { oneLine } from "../model/one-line.ts";
import { compareRecency, Recency } from "../policies/recency.ts";
import type { CatalogueImage, CatalogueType, ImageState } from "../catalogue/state.ts";

/** A tag that could not be read, as `GET /executors/{type}/versions` lists it. */
export interface UnreadTagDocument extends Omit<UnreadRecord, "since"> {
  readonly repository: string;
}

const MAX_UNREAD = 500;

/** What is asked of a type again and again, worked out once after each change of it. */
export class TypeView {
  readonly current: Current | undefined;
  readonly #type: CatalogueType;
  readonly #readsOf: ReadsOf;
  #newest: readonly CatalogueImage[] | undefined;
  readonly #byState = new Map<ImageState, readonly CatalogueImage[]>();

  constructor(type: CatalogueType, readsOf: ReadsOf, onInvalid: OnInvalid) {
    this.#type = type;
    this.#readsOf = readsOf;
    this.current = currentOf(type, readsOf, onInvalid);
  }

  /** Its images, newest first: all, or those in a state. */
  images(state?: ImageState): readonly CatalogueImage[] {
    this.#newest ??= this.#ordered();
    if (state === undefined) return this.#newest;
    let images = this.#byState.get(state);
    if (images === undefined)
      this.#byState.set(state, (images = this.#newest.filter((image) => image.state === state)));
    return images;
  }

  /** The tags of its repositories that could not be read, and how many there are: what is listed is bounded. */
  unread(): { readonly unread: readonly UnreadTagDocument[]; readonly total: number } {
    const repositories = this.#type.images.repositories();
    const unread = repositories.flatMap((repository) =>
      (this.#readsOf(repository)?.unread ?? []).map(({ tag, digest, code, reason }) => {
        return { repository, tag, ...(digest !== undefined && { digest }), code, reason: oneLine(reason) };
      }),
    );
    const total = repositories.reduce((sum, repository) => sum + (this.#readsOf(repository)?.unreadTotal ?? 0), 0);
    return { unread: unread.slice(0, MAX_UNREAD), total };
  }

  #ordered(): readonly CatalogueImage[] {
    const all = [...this.#type.images].map((image) => new Recency(image, this.#readsOf(image.repository)));
    return all.sort((a, b) => compareRecency(b, a)).map(({ image }) => image);
  }
}
