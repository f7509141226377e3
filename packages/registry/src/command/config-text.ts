import { readConfig } from "../config/load-config.ts";
import { InvalidConfigurationError } from "../config/parse-config.ts";
import type { Clock } from "@executor-registry/resolver";
import { parse } from "yaml";

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

/** Whether it may be the beginning of a file: cut within a line, or without something that is in force. */
function isDoubtful(text: Reading, inForce: string): boolean {
  if (typeof text !== "string" || text === "") return false;
  if (!text.endsWith("\n") || inForce.startsWith(text)) return true;
  const now = membersOf(text);
  return now.size > 0 && [...membersOf(inForce)].some((member) => !now.has(member));
}

/** What a text has: its settings, down to the second level, and the names in its lists. Nothing where it cannot be read. */
function membersOf(text: string): ReadonlySet<string> {
  const members = new Set<string>();
  const collect = (value: unknown, path: string, depth: number): void => {
    if (Array.isArray(value)) {
      for (const { name } of value as readonly { readonly name?: unknown }[]) members.add(`${path}/${String(name)}`);
    } else if (typeof value === "object" && value !== null && depth > 0) {
      for (const [name, member] of Object.entries(value)) {
        members.add(`${path}/${name}`);
        collect(member, `${path}/${name}`, depth - 1);
      }
    }
  };
  try {
    collect(parse(text, { merge: true, logLevel: "error" }), "", 2);
  } catch {
    // Refused in any case.
  }
  return members;
}
