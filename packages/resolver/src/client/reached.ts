import type { Clock } from "../tools/clock.ts";

/** Milliseconds after which it is believed that a shared journal is not as far any more as it was: a store may have lost its end. */
const PATIENCE_MS = 30_000;

/** A place in the journal that the service's replicas share. */
interface Place {
  readonly origin: string;
  readonly sequence: number;
}

const placeOf = (text: string | undefined): Place | undefined => {
  const [, origin, sequence] = /^(\w{1,64})-(\d{1,15})$/.exec(text ?? "") ?? [];
  return origin === undefined ? undefined : { origin, sequence: Number(sequence) };
};

/**
 * How far the journal is known to be, by events and answers. Any replica may answer, and one may not have yet what another has said:
 * its answer is of before.
 */
export class Reached {
  readonly #clock: Clock;
  #place: Place | undefined;
  #behindSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param text as events and answers have it; of another form it says nothing */
  note(text: string | undefined): void {
    const place = placeOf(text);
    if (place && !this.#isBefore(place)) this.#place = place;
  }

  /** Whether an answer is of before; else it is noted how far it is. */
  isBehind(text: string | undefined): boolean {
    const place = placeOf(text);
    if (place === undefined) return false;
    const now = this.#clock.now();
    if (this.#isBefore(place)) {
      this.#behindSince ??= now;
      if (Math.abs(now - this.#behindSince) < PATIENCE_MS) return true;
    }
    this.#place = place;
    this.#behindSince = undefined;
    return false;
  }

  #isBefore({ origin, sequence }: Place): boolean {
    return this.#place?.origin === origin && sequence < this.#place.sequence;
  }
}
