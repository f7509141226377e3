import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import type { Note } from "./lints.ts";
import { Recency } from "./recency.ts";
import type { Standing } from "./rules.ts";

/** An image with the key that one of its tags gives it. */
export class Candidate<Key> implements Standing {
  readonly image: CatalogueImage;
  readonly tag: string;
  readonly key: Key;
  readonly note: Note | undefined;
  /** When the tag came, where that counts. */
  readonly #tagged: number | undefined;
  #recency: { readonly first: number | undefined; readonly recency: Recency } | undefined;

  constructor(image: CatalogueImage, tag: string, key: Key, note?: Note, tagged?: number) {
    this.image = image;
    this.tag = tag;
    this.key = key;
    this.note = note;
    this.#tagged = tagged;
  }

  /** @param reads what came of the looks at the image's repository */
  recency(reads: RepositoryReads | undefined): Recency {
    const first = reads?.firstComplete;
    if (this.#recency === undefined || this.#recency.first !== first) {
      this.#recency = { first, recency: new Recency(this.image, reads, this.tag, this.#tagged) };
    }
    return this.#recency.recency;
  }
}
