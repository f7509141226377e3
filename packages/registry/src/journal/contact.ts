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

/** Counts what a store could not do. Snapshots and cursors, which cost nothing but time when they are lost, are not looked at. */
export class StoreContact {
  readonly #attempts: Record<Asked, Attempts> = {
    read: { failing: false, failures: 0 },
    write: { failing: false, failures: 0 },
  };

  get state(): Readonly<Record<Asked, Attempts>> {
    return this.#attempts;
  }

  /** Passes an attempt's result on, and notes whether the store answered. */
  async noting<T>(asked: Asked, attempt: Promise<T>): Promise<T> {
    const note = (failing: boolean): void => {
      const { failures } = this.#attempts[asked];
      this.#attempts[asked] = { failing, failures: failures + (failing ? 1 : 0) };
    };
    try {
      const result = await attempt;
      note(false);
      return result;
    } catch (error) {
      if (error instanceof StoreError) note(true);
      // It answered.
      else if (error instanceof ConflictError) note(false);
      throw error;
    }
  }
}
