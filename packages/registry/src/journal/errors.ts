import { ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";

/** An entry is not what was written, or is missing: the store was changed behind the journal's back, or is damaged. */
export class BrokenJournalError extends ExecutorRegistryError {
  override readonly name = "BrokenJournalError";
  /** The first entry that does not hold. What lies before it does. */
  readonly sequence: number;
  /** What differs, as a sentence. */
  readonly difference: string;

  constructor(sequence: number, difference: string, cause?: unknown) {
    const message = `the journal is broken at entry ${sequence}: ${difference}. Restore the store from a backup`;
    super(SERVICE_ERRORS["broken-journal"], message, { cause });
    this.sequence = sequence;
    this.difference = difference;
  }
}

/** A journal was used after `close()`. */
export class JournalClosedError extends ExecutorRegistryError {
  override readonly name = "JournalClosedError";

  constructor() {
    super("closed", "the journal is closed");
  }
}
