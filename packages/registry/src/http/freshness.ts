import type { Clock } from "@executor-registry/resolver";

/** Milliseconds without contact with a shared store after which answers say how old they are. */
const CURRENT_MS = 5000;

/** How old answers are: others may have written what this service could not read. */
export interface Freshness {
  /** Whole seconds since the catalogue was all that the store holds; 0 while it is current. */
  readonly age: number;
}

export function createFreshness(catalogue: { readonly confirmed: number }, clock: Clock): Freshness {
  return {
    get age() {
      const ms = clock.now() - catalogue.confirmed;
      return ms < CURRENT_MS ? 0 : Math.floor(ms / 1000);
    },
  };
}
