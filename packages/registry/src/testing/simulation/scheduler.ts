import type { Clock, Random } from "@executor-registry/resolver";

/** Whose await points they are: a process that may be killed. */
export class Owner {
  readonly #killing = new AbortController();

  get killed(): AbortSignal {
    return this.#killing.signal;
  }

  get dead(): boolean {
    return this.killed.aborted;
  }

  /** @see Scheduler.kill */
  end(): void {
    this.#killing.abort();
  }
}

interface Point {
  readonly owner: Owner | undefined;
  /** Milliseconds of the simulated clock before which it is not resumed. */
  readonly due: number;
  resume(): void;
}

/** Numbers that follow from a seed: mulberry32. */
function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const START_MS = Date.UTC(2026, 10, 23);

/**
 * Owns every await point of simulated processes: each stops there until it is chosen, by a random number that follows from the seed. Time
 * passes only here.
 */
export class Scheduler {
  readonly random: Random;
  #now = START_MS;
  #steps = 0;
  #points: Point[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  get now(): number {
    return this.#now;
  }

  /** How many await points were passed. */
  get steps(): number {
    return this.#steps;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  pick<T>(all: readonly T[]): T {
    const one = all[this.below(all.length)];
    if (one === undefined) throw new RangeError("there is nothing to pick from");
    return one;
  }

  /** Stops until it is chosen. Of an owner that is dead it never is. @param ms not before so much later */
  point(owner?: Owner, ms = 0): Promise<void> {
    return new Promise((resume) => {
      if (!owner?.dead) this.#points.push({ owner, due: this.#now + ms, resume });
    });
  }

  /** An owner's clock: who sleeps when it is killed never wakes. */
  clockOf(owner: Owner): Clock {
    return {
      now: () => this.#now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (owner.dead) return;
          if (signal?.aborted) return reject(signal.reason);
          const stop = (): void => {
            this.#points = this.#points.filter((one) => one !== point);
            reject(signal?.reason);
          };
          const resume = (): void => {
            signal?.removeEventListener("abort", stop);
            resolve();
          };
          const point = { owner, due: this.#now + Math.max(0, ms), resume };
          this.#points.push(point);
          signal?.addEventListener("abort", stop, { once: true });
        }),
    };
  }

  /** Nothing of this owner goes on. */
  kill(owner: Owner): void {
    owner.end();
    this.#points = this.#points.filter((point) => point.owner !== owner);
  }

  /** Lets time pass, though something could go on. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Passes one await point; where none can be, time passes until one can. @returns whether there was one */
  async step(): Promise<boolean> {
    let ready = this.#points.filter(({ due }) => due <= this.#now);
    if (ready.length === 0) {
      const next = Math.min(...this.#points.map(({ due }) => due));
      if (next === Infinity) return false;
      this.#now = next;
      ready = this.#points.filter(({ due }) => due <= next);
    }
    const chosen = this.pick(ready);
    this.#points.splice(this.#points.indexOf(chosen), 1);
    this.#steps += 1;
    this.#now += this.below(3);
    chosen.resume();
    await settle();
    return true;
  }
}

/** Resolves once all that was resumed has come to its next await point. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
