import { printable } from "@executor-registry/resolver/internal";

/** Most characters of a reason or a warning. */
const SENTENCE = 1000;

/** Foreign text as part of one line: well-formed, without control characters, and no longer than `most`. */
export function oneLine(text: string, most: number = SENTENCE): string {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return printable(short.toWellFormed());
}
