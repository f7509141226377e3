import type { Clock } from "@executor-registry/resolver";
import { whenAborted } from "@executor-registry/resolver/internal";
import { ConflictError, StoreError } from "./store-errors.ts";

/** What is asked of a store. */
type Asked = "read" | "write";

/** How the store answers when it is asked for one thing. */
export interface Attempts {
  /** The last one failed: locked, full, away. */
  readonly failing: boolean;
  /** Those that failed so far. */
  readonly failures: number;
}

/** Milliseconds after which a store that could not be written is asked again. */
const ASK_AGAIN_MS = 5000;

/** Counts what a store could not do. Snapshots and cursors, which cost nothing but time when they are lost, are not looked at. */
export class StoreContact {
  readonly #attempts: Record<Asked, Attempts> = {
    read: { failing: false, failures: 0 },
    write: { failing: false, failures: 0 },
  };
  #failed = new AbortController();

  get state(): Readonly<Record<Asked, Attempts>> {
    return this.#attempts;
  }

  /** Passes an attempt's result on, and notes whether the store answered. */
  async noting<T>(asked: Asked, attempt: Promise<T>): Promise<T> {
    try {
      const result = await attempt;
      this.#note(asked, false);
      return result;
    } catch (error) {
      if (error instanceof StoreError) this.#note(asked, true);
      // It answered.
      else if (error instanceof ConflictError) this.#note(asked, false);
      throw error;
    }
  }

  /**
   * While the last write has failed, writes something that means nothing from time to time: else a store that is well again would be
   * thought to fail until there is something to write. Goes on until the signal aborts.
   */
  async keepAsking(write: () => Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await whenAborted(AbortSignal.any([signal, this.#failed.signal]));
      await clock.sleep(ASK_AGAIN_MS, signal).catch(() => {});
      if (signal.aborted || !this.#attempts.write.failing) continue;
      await this.noting("write", write()).catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error;
      });
    }
  }

  #note(asked: Asked, failing: boolean): void {
    const before = this.#attempts[asked];
    this.#attempts[asked] = { failing, failures: before.failures + (failing ? 1 : 0) };
    if (asked !== "write" || before.failing === failing) return;
    if (failing) this.#failed.abort();
    else this.#failed = new AbortController();
  }
}
