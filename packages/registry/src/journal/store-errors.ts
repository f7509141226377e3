import { ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import type { Head } from "./entry.ts";

/** A store cannot be opened, read or written. Nothing was written, unless the message says that this is not known. */
export class StoreError extends ExecutorRegistryError {
  override readonly name = "StoreError";
  /** The store's description, without secrets. */
  readonly store: string;

  constructor(store: string, problem: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(SERVICE_ERRORS.store, `${store}: ${problem}`, options);
    this.store = store;
  }
}

/** Another writer appended first. */
export class ConflictError extends ExecutorRegistryError {
  override readonly name = "ConflictError";
  /** The end of the chain as the writer knew it. */
  readonly expected: Head;
  /** The end of the chain as it is. */
  readonly actual: Head;

  constructor(expected: Head, actual: Head) {
    const message = `the journal ends at entry ${actual.sequence} (${actual.hash.slice(0, 12)}), not at ${expected.sequence} (${expected.hash.slice(0, 12)}): another writer appended`;
    super("conflict", message);
    this.expected = expected;
    this.actual = actual;
  }
}
