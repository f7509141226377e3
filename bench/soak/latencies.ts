/** Each bucket is this much wider than the one before. */
const STEP = Math.log(1.05);
const SHORTEST_MS = 0.0005;

/** How long answers took, as counts by size, so that millions need little memory. Quantiles are right to 5 %. */
export class Latencies {
  readonly #buckets: number[];
  count = 0;
  max = 0;

  constructor({ buckets = [], max = 0 }: Partial<LatencyCounts> = {}) {
    this.#buckets = [...buckets];
    this.max = max;
    for (let at = 0; at < this.#buckets.length; at++) this.count += this.#buckets[at] ??= 0;
  }

  add(ms: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(ms / SHORTEST_MS) / STEP));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.count += 1;
    if (ms > this.max) this.max = ms;
  }

  addAll(others: Latencies): void {
    for (const [bucket, count] of others.#buckets.entries())
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (count ?? 0);
    this.count += others.count;
    this.max = Math.max(this.max, others.max);
  }

  /** Milliseconds within which so large a part of the answers came. */
  quantile(part: number): number {
    let left = this.count * part;
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count ?? 0;
      if (left <= 0) return Math.min(this.max, SHORTEST_MS * Math.exp(bucket * STEP));
    }
    return NaN;
  }

  toJSON(): LatencyCounts {
    return { buckets: Array.from(this.#buckets, (count) => count ?? 0), max: this.max };
  }
}

export interface LatencyCounts {
  readonly buckets: readonly number[];
  readonly max: number;
}
