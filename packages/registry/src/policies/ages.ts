import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import type { Candidate } from "./candidate.ts";
import { type Difference, Recency, RecencyOrder } from "./recency.ts";

/** How new the candidates among some images are. */
export class Ages {
  readonly #images: Iterable<CatalogueImage>;
  readonly #reads: RepositoryReads | undefined;
  readonly #order: RecencyOrder;

  /** @param images all that are known of the repository: candidates are among them */
  constructor(images: Iterable<CatalogueImage>, reads: RepositoryReads | undefined) {
    this.#images = images;
    this.#reads = reads;
    this.#order = new RecencyOrder({ [Symbol.iterator]: () => this.#all() });
  }

  of(candidate: Candidate<unknown>): Recency {
    return candidate.recency(this.#reads);
  }

  /** As {@link RecencyOrder.compare}. */
  compare(a: Candidate<unknown>, b: Candidate<unknown>): number {
    return this.#order.compare(this.of(a), this.of(b));
  }

  /** As {@link RecencyOrder.compareTimes}. */
  compareTimes(a: Candidate<unknown>, b: Candidate<unknown>): number {
    return this.#order.compareTimes(this.of(a), this.of(b));
  }

  /** As {@link RecencyOrder.difference}. */
  difference(a: Candidate<unknown>, b: Candidate<unknown>): Difference {
    return this.#order.difference(this.of(a), this.of(b));
  }

  *#all(): Generator<Recency> {
    for (const image of this.#images) yield Recency.of(image, this.#reads);
  }
}
