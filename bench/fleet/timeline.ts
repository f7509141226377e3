interface Step {
  readonly time: number;
  /** Those of one moment happen in the order in which they were asked for. */
  readonly order: number;
  readonly work: () => void;
}

/** Things that happen at moments of a time that nobody waits for. Milliseconds. */
export class Timeline {
  now = 0;
  /** Those of later milliseconds, by the millisecond. */
  readonly #later: (Step[] | undefined)[] = [];
  /** Those of this millisecond, as a heap: what comes first is its first element. */
  readonly #heap: Step[] = [];
  #millisecond = 0;
  #order = 0;

  at(time: number, work: () => void): void {
    const step = { time: Math.max(time, this.now), order: (this.#order += 1), work };
    const millisecond = Math.floor(step.time);
    if (millisecond <= this.#millisecond) this.#push(step);
    else (this.#later[millisecond] ??= []).push(step);
  }

  after(ms: number, work: () => void): void {
    this.at(this.now + ms, work);
  }

  /** Does what happens up to a moment. */
  run(end: number): void {
    for (let work; (work = this.#next(end));) work();
    this.now = end;
  }

  /** The same, and lets promises settle after each step. */
  async runSettled(end: number, settle: () => Promise<void>): Promise<void> {
    for (let work; (work = this.#next(end));) {
      work();
      await settle();
    }
    this.now = end;
  }

  #next(end: number): (() => void) | undefined {
    while (this.#heap.length === 0) {
      if (this.#millisecond >= end) return undefined;
      this.#millisecond += 1;
      for (const step of this.#later[this.#millisecond] ?? []) this.#push(step);
      this.#later[this.#millisecond] = undefined;
    }
    const [first] = this.#heap;
    if (!first || first.time > end) return undefined;
    this.now = first.time;
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) this.#sink(last);
    return first.work;
  }

  #push(step: Step): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(step);
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (!parent || isBefore(parent, step)) break;
      heap[index] = parent;
      index = up;
    }
    heap[index] = step;
  }

  /** Puts a step into the place of the first one, and lets it down. */
  #sink(step: Step): void {
    const heap = this.#heap;
    for (let index = 0; ;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const least = left && right && isBefore(right, left) ? right : left;
      if (!least || isBefore(step, least)) return void (heap[index] = step);
      heap[index] = least;
      index = least === left ? 2 * index + 1 : 2 * index + 2;
    }
  }
}

const isBefore = (a: Step, b: Step): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

/** Numbers in [0, 1), the same for the same seed. @see https://github.com/cprosche/mulberry32 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
