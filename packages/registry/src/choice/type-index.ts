import { NearMisses } from "@executor-registry/resolver";

/** The types that have an answer, in order. Made again when there are others, so that questions about them cost little each. */
export class TypeIndex {
  readonly sorted: readonly string[];
  #nearMisses: NearMisses | undefined;

  constructor(types: Iterable<string>) {
    this.sorted = [...types].sort();
  }

  /** Those that a person may have meant by this one. */
  nearMisses(type: string): readonly string[] {
    this.#nearMisses ??= new NearMisses(this.sorted);
    return this.#nearMisses.of(type);
  }
}

/** The place of the first of sorted types that comes after this one. */
export function placeAfter(sorted: readonly string[], type: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") <= type) low = middle + 1;
    else high = middle;
  }
  return low;
}
