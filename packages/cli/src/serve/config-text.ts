import { InvalidConfigurationError, readConfig } from "@executor-registry/registry";
import type { Clock } from "@executor-registry/resolver";

/** Milliseconds that a changed file has to stay as it is: who writes it may be in the middle. */
const SETTLE_MS = 1000;
/** As long as it looks as if something were missing from it. */
const DOUBTFUL_MS = 10_000;

/** What a file says: its text, or why it cannot be read. */
type Reading = string | InvalidConfigurationError;

/**
 * A file's text once it does not change any more.
 * @param inForce the text that is in force, which needs no second look
 * @throws InvalidConfigurationError when it cannot be read
 */
export async function settledText(file: string, inForce: string, clock: Clock, signal: AbortSignal): Promise<string> {
  let last = await reading(file);
  while (last !== inForce) {
    await clock.sleep(isDoubtful(last, inForce) ? DOUBTFUL_MS : SETTLE_MS, signal);
    const now = await reading(file);
    if (sameReading(now, last)) break;
    last = now;
  }
  if (typeof last !== "string") throw last;
  return last;
}

async function reading(file: string): Promise<Reading> {
  try {
    return await readConfig(file);
  } catch (error) {
    if (error instanceof InvalidConfigurationError) return error;
    throw error;
  }
}

const sameReading = (a: Reading, b: Reading): boolean =>
  typeof a === "string" || typeof b === "string" ? a === b : a.message === b.message;

/** Whether it may be the beginning of a file: cut within a line, or the first part of what is in force. */
function isDoubtful(text: Reading, inForce: string): boolean {
  return typeof text === "string" && text !== "" && (!text.endsWith("\n") || inForce.startsWith(text));
}
