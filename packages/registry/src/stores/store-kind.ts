import type { Clock } from "@executor-registry/resolver";
import type { Head } from "../journal/entry.ts";
import type { VerificationOptions } from "../journal/verification.ts";
import type { Store } from "../journal/store.ts";

/** One kind of store. Its file is loaded with the configuration's schema: what it needs to open one is loaded on use. */
export interface StoreKind {
  /** What its addresses begin with, before the colon. */
  readonly scheme: string;
  /** How its addresses are written, for people: `sqlite:PATH`. */
  readonly form: string;
  /** Whether what stands after the colon names a place. */
  accepts(place: string): boolean;
  /** @throws StoreError when it cannot be opened */
  open(place: string, clock: Clock): Promise<Store>;
  /** What would keep it from being opened on this machine, as far as looking shows; its lock may change any moment. */
  problem(place: string): Promise<string | undefined>;
  /**
   * Reads all that it holds, without changing it.
   * @param options.take is called with each entry that holds, in order
   * @returns its last entry
   * @throws BrokenJournalError naming the first entry that does not hold
   * @throws StoreError when it cannot be read
   * @throws ConfigurationError for a store that keeps nothing
   */
  verify(place: string, options?: VerificationOptions): Promise<Head>;
}
