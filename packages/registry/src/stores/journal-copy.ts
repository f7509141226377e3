import { ConfigurationError } from "@executor-registry/resolver";
import { EMPTY_HEAD, verifyChain } from "../journal/chain.ts";
import { BrokenJournalError } from "../journal/errors.ts";
import type { Entry, Head } from "../journal/entry.ts";
import { ConflictError, StoreError } from "../journal/store-errors.ts";
import type { Store } from "../journal/store.ts";
import { memoryKind } from "./memory.ts";
import { openStore, storeKindOf, type StoreName } from "./open.ts";

/** An append has so many entries at most, and about so many characters. */
const MOST_ENTRIES = 1000;
const MOST_CHARACTERS = 4 << 20;

/** What a copy has come to. */
export interface CopyResult {
  readonly head: Head;
  /** How many of the entries were not there before. */
  readonly added: number;
}

/**
 * Copies a journal, from its first entry on, into a store that is empty or holds its beginning: what is there is compared, what is missing is
 * appended. A copy that was interrupted goes on where it was.
 */
export class JournalCopy implements AsyncDisposable {
  readonly #store: Store;
  /** The store's head, as far as is known. */
  #head: Head;
  /** How many were taken. */
  #taken = 0;
  #batch: Entry[] = [];
  #characters = 0;
  /** The last entry that was compared or appended. */
  #reached: Head = EMPTY_HEAD;
  #added = 0;

  private constructor(store: Store, head: Head) {
    this.#store = store;
    this.#head = head;
  }

  /**
   * @throws StoreError when it cannot be opened
   * @throws ConfigurationError for a store that keeps nothing
   */
  static async into(name: StoreName): Promise<JournalCopy> {
    if (storeKindOf(name) === memoryKind)
      throw new ConfigurationError("a store in memory ends with its process, so nothing can be copied into it");
    const store = await openStore(name);
    try {
      return new JournalCopy(store, await store.head());
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** The store, for people. */
  get description(): string {
    return this.#store.description;
  }

  /** The last entry that the store holds. */
  get head(): Head {
    return this.#head;
  }

  /**
   * Takes the next entry, which holds; resolves once those before it are written, where it is time to write.
   * @throws StoreError when the store has another entry in a place, or cannot be written
   * @throws ConfigurationError when the first one is not the journal's first
   */
  take(entry: Entry): void | Promise<void> {
    this.#taken += 1;
    if (entry.sequence !== this.#taken) {
      throw new ConfigurationError(
        `what is copied begins with entry ${entry.sequence}; the whole journal is needed, from entry 1 on`,
      );
    }
    this.#batch.push(entry);
    this.#characters += JSON.stringify(entry).length;
    if (this.#batch.length >= MOST_ENTRIES || this.#characters >= MOST_CHARACTERS) return this.#write();
  }

  /** There are no more. @throws StoreError when the store holds more, or something else wrote to it */
  async end(): Promise<CopyResult> {
    await this.#write();
    const head = await this.#store.head();
    if (head.sequence > this.#reached.sequence) {
      const { sequence } = this.#reached;
      const copied = sequence === 0 ? "no entries" : sequence === 1 ? "1 entry" : `${sequence} entries`;
      throw this.#refusal(sequence + 1, `it is not part of what is copied, which has ${copied}`);
    }
    if (head.sequence !== this.#reached.sequence || head.hash !== this.#reached.hash) throw this.#changed();
    return { head, added: this.#added };
  }

  /** Keeps how far others have read the journal, as far as it was copied. */
  async saveCursors(cursors: ReadonlyMap<string, number>): Promise<void> {
    for (const [name, sequence] of cursors)
      await this.#store.saveCursor(name, Math.min(sequence, this.#reached.sequence));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store.close();
  }

  async #write(): Promise<void> {
    const batch = this.#batch;
    [this.#batch, this.#characters] = [[], 0];
    const there = await this.#compare(batch);
    const missing = batch.slice(there);
    const last = missing.at(-1);
    if (last === undefined) return;
    try {
      await this.#store.append(this.#head, missing);
    } catch (error) {
      throw error instanceof ConflictError ? this.#changed(error) : error;
    }
    this.#head = this.#reached = { sequence: last.sequence, hash: last.hash };
    this.#added += missing.length;
  }

  /** @returns how many of the entries, from the first on, the store holds */
  async #compare(batch: readonly Entry[]): Promise<number> {
    let compared = 0;
    while (compared < batch.length && this.#reached.sequence < this.#head.sequence) {
      const stored = await this.#stored(batch.length - compared);
      for (const { sequence, hash } of stored) {
        const entry = batch[compared];
        if (entry?.hash !== hash)
          throw this.#refusal(sequence, `it has hash ${hash}, and what is copied has ${entry?.hash}`);
        this.#reached = { sequence, hash };
        compared += 1;
      }
    }
    return compared;
  }

  /** The store's next entries, which hold. */
  async #stored(limit: number): Promise<readonly Entry[]> {
    try {
      const stored = await this.#store.read(this.#reached.sequence, limit);
      if (stored.length === 0) throw this.#changed();
      verifyChain(stored, this.#reached);
      return stored;
    } catch (error) {
      if (!(error instanceof BrokenJournalError)) throw error;
      throw this.#problem(`its entry ${error.sequence} does not hold, so nothing is added: ${error.difference}`, error);
    }
  }

  #refusal(sequence: number, why: string): StoreError {
    const needed = "copy into a store that is empty, or that holds the beginning of the same journal";
    return this.#problem(`it holds another journal, first in entry ${sequence}: ${why}; ${needed}`);
  }

  #changed(cause?: unknown): StoreError {
    return this.#problem("something else has written to it meanwhile; stop what uses it, and copy again", cause);
  }

  #problem(problem: string, cause?: unknown): StoreError {
    return new StoreError(this.description, problem, { cause, retryable: false });
  }
}
