import type { Entry } from "./entry.ts";
import { BrokenJournalError } from "./errors.ts";

/**
 * An entry as a store kept it. Its members are not looked at one by one: the chain's hashes show whether they
 * are those that were written.
 * @param sequence the place that the store kept it at
 * @throws BrokenJournalError for a text that no entry was ever written as
 */
export function parseEntry(text: string, sequence: number): Entry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BrokenJournalError(sequence, "it is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || !("change" in value)) {
    throw new BrokenJournalError(sequence, "it is no entry");
  }
  const entry = value as Entry;
  if (entry.sequence !== sequence) {
    throw new BrokenJournalError(sequence, `in its place is an entry that says it is number ${entry.sequence}`);
  }
  return entry;
}
