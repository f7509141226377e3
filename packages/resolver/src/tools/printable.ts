/**
 * What steers a terminal or a reader's eye: controls of C0 and C1, delete, line and paragraph separators, marks, overrides and
 * isolates of writing direction, halves of surrogate pairs.
 * @see https://www.unicode.org/reports/tr9/#Bidirectional_Character_Types
 */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** One line of text as a terminal may show it: what would steer the terminal, line ends too, is shown as a replacement character. */
export function printable(text: string): string {
  return text.replaceAll(STEERING, (character) => (character === "\t" ? " " : "\u{fffd}"));
}

/** A line of JSON, or of YAML that quotes what steers, which means the same and holds none of it raw. */
export function escaped(line: string): string {
  return line.replaceAll(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Whether a text holds what steers, beyond the tabs and line ends that documents have. */
export function steers(text: string): boolean {
  return /[^\P{Cc}\t\n]|[\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u.test(text);
}

/** The lines of a text; a last line end begins no further one. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
