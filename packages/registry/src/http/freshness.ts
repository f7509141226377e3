import type { Clock } from "@executor-registry/resolver";
import { type Catalogue, CURRENT_MS } from "../catalogue/catalogue.ts";

/** How far in the journal an answer is: events say how far answers about what they name have to be. */
export const JOURNAL_HEADER = "x-executor-journal";

/** A place in a journal, which any replica understands. @param origin the hash of the journal's first entry */
export const placeText = (origin: string, sequence: number): string => `${origin.slice(0, 8)}-${sequence}`;

/** How old answers are: others may have written what this service could not read. */
export interface Freshness {
  /** How far in the journal answers are, as `X-Executor-Journal` has it; `undefined` while it is empty. */
  readonly journal: string | undefined;
  /** Whole seconds since the catalogue was all that the store holds; 0 while it is current. */
  readonly age: number;
}

export function createFreshness(catalogue: Pick<Catalogue, "confirmed" | "head" | "origin">, clock: Clock): Freshness {
  return {
    get journal() {
      const { origin, head } = catalogue;
      return origin === undefined ? undefined : placeText(origin, head.sequence);
    },
    get age() {
      const ms = clock.now() - catalogue.confirmed;
      return ms < CURRENT_MS ? 0 : Math.floor(ms / 1000);
    },
  };
}
