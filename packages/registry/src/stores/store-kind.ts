import type { Clock, Logger } from "@executor-registry/resolver";
import type { Head } from "../journal/entry.ts";
import type { VerificationOptions } from "../journal/verification.ts";
import type { Store } from "../journal/store.ts";
import type { StoreSettings } from "./store-settings.ts";

/** What a store works with. */
export interface StoreContext {
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is done with what a store holds. */
export interface ReadingOptions extends VerificationOptions {
  /** Called last, with how far each of those that follow the journal has read it, by name. */
  takeCursors?(cursors: ReadonlyMap<string, number>): void | Promise<void>;
}

/** One kind of store. Its file is loaded with the configuration's schema: what it needs to open one is loaded on use. */
export interface StoreKind {
  /** What its addresses begin with, before the colon. */
  readonly schemes: readonly string[];
  /** How its addresses are written, for people: `sqlite:PATH`. */
  readonly forms: readonly string[];
  /** The settings, besides the address, that it takes. */
  readonly takes: readonly Exclude<keyof StoreSettings, "address">[];
  /**
   * Whether an address with one of the schemes names a place.
   * @throws ConfigurationError which says what is wrong with it, and repeats nothing of it that may be a password
   */
  accepts(address: string): boolean;
  /** @throws StoreError when it cannot be opened */
  open(settings: StoreSettings, context: StoreContext): Promise<Store>;
  /**
   * What would keep it from being opened, as far as looking on this machine shows; it may change any moment. No other machine is asked.
   */
  problem(settings: StoreSettings): Promise<string | undefined>;
  /**
   * Reads all that it holds, without changing it.
   * @param options.take is called with each entry that holds, in order
   * @returns its last entry
   * @throws BrokenJournalError naming the first entry that does not hold
   * @throws StoreError when it cannot be read
   * @throws ConfigurationError for a store that keeps nothing
   */
  verify(settings: StoreSettings, context: StoreContext, options?: ReadingOptions): Promise<Head>;
}
