import { escaped } from "@executor-registry/resolver/internal";

/** The lines of JSON for people to read and programs to parse. */
export function printJson(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split("\n").map(escaped);
}

/** JSON in one line. */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value));
}
