import type { Clock } from "@executor-registry/resolver";

/** Addresses that are remembered at once; strangers choose how many there are. */
const MOST = 10_000;
const WINDOW = 60_000;

/** Counts what each address did wrong, minute by minute. What it did right costs it nothing. */
export class FailureLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #addresses = new Map<string, { count: number; readonly since: number }>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Milliseconds until an address may try again; 0 when it may now. */
  wait(address: string): number {
    const found = this.#current(address);
    if (found === undefined || found.count < this.#perMinute) return 0;
    return found.since + WINDOW - this.#clock.now();
  }

  failed(address: string): void {
    const found = this.#current(address);
    if (found !== undefined) return void (found.count += 1);
    if (this.#addresses.size >= MOST) this.#addresses.clear();
    this.#addresses.set(address, { count: 1, since: this.#clock.now() });
  }

  #current(address: string): { count: number; readonly since: number } | undefined {
    const found = this.#addresses.get(address);
    // A clock that is set back keeps nobody out for longer.
    if (found !== undefined && Math.abs(this.#clock.now() - found.since) < WINDOW) return found;
    this.#addresses.delete(address);
    return undefined;
  }
}
