/** Most characters of a reason or a warning. */
const SENTENCE = 1000;

/** What steers a terminal, ends a line, or turns the direction of writing. */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Foreign text as part of one line: well-formed, without control characters, and no longer than `most`. */
export function oneLine(text: string, most: number = SENTENCE): string {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return short.toWellFormed().replaceAll(STEERING, "\u{fffd}");
}
