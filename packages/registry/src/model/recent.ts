/** What was used last, up to a weight together; the last is kept whatever its weight. What was not used for longest is let go. */
export class Recent<T> {
  /** The one that was used last is the last. */
  readonly #weights = new Map<T, number>();
  readonly #letGo: (item: T) => void;
  #limit: number;
  #weight = 0;
  #last: T | undefined;

  /** @param letGo takes what is not kept any more */
  constructor(limit: number, letGo: (item: T) => void) {
    this.#limit = limit;
    this.#letGo = letGo;
  }

  use(item: T, weight: number): void {
    const before = this.#weights.get(item) ?? 0;
    if (item === this.#last && weight === before) return;
    this.#last = item;
    this.#weights.delete(item);
    this.#weights.set(item, weight);
    this.#weight += weight - before;
    this.#shrink();
  }

  /** From now on. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#shrink();
  }

  #shrink(): void {
    for (const [item, weight] of this.#weights) {
      if (this.#weight <= this.#limit || item === this.#last) return;
      this.#weights.delete(item);
      this.#weight -= weight;
      this.#letGo(item);
    }
  }
}
