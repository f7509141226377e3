import type { Clock, Logger } from "@executor-registry/resolver";
import type { StoreFinding } from "./store.ts";
import type { Head } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";

/** What is known of the chain's state. */
export interface SealState {
  /** The last entry up to which the whole chain was read and held, and when. */
  readonly verified?: { readonly sequence: number; readonly at: string };
  /** The first entry that does not hold, or is missing, as far as is known. */
  readonly broken?: { readonly sequence: number; readonly message: string };
}

/** Remembers what readings of the chain have shown, and reports damage once. */
export class Seal {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** What the store lacked when it was opened: no verification finds it. */
  #lost: SealState["broken"];
  #verified: SealState["verified"];
  #broken: SealState["broken"];

  constructor(findings: readonly StoreFinding[], clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    for (const { message, missing } of findings)
      if (missing !== undefined) this.#lost ??= { sequence: missing, message };
  }

  get state(): SealState {
    const broken = this.#broken ?? this.#lost;
    return { ...(this.#verified && { verified: this.#verified }), ...(broken && { broken }) };
  }

  /** A store has lost what it had acknowledged. */
  loses(loss: NonNullable<SealState["broken"]>): void {
    this.#lost ??= loss;
    this.#log.error({ code: "broken-journal", sequence: loss.sequence }, loss.message);
  }

  /** The whole chain was read, and holds. */
  holds({ sequence }: Head): void {
    if (this.#broken !== undefined) this.#log.info({ sequence }, "the journal's chain holds again");
    this.#verified = { sequence, at: new Date(this.#clock.now()).toISOString() };
    this.#broken = undefined;
  }

  /** Passes a reading's result on, and notes the damage that it met. */
  async noting<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof BrokenJournalError) this.#breaks(error);
      throw error;
    }
  }

  #breaks({ code, sequence, message }: BrokenJournalError): void {
    if (this.#broken !== undefined && this.#broken.sequence <= sequence) return;
    this.#broken = { sequence, message };
    this.#log.error({ code, sequence }, message);
  }
}
