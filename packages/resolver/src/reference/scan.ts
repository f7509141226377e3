// Character classes and runs of the reference grammar. Every function looks at each character at most once.

/** Classes of characters, as bits. */
export const DIGIT = 1;
const LOWER = 2;
export const UPPER = 4;
const HEX = 8;
export const DASH = 16;
export const DOT = 32;
export const UNDERSCORE = 64;
export const COLON = 128;
export const ALPHANUMERIC = DIGIT | LOWER | UPPER;

const SLASH = 0x2f;

/** By code unit: a table is several times as quick as comparing. */
const CLASSES = new Uint8Array(128);
for (const [characters, classes] of [
  ["0123456789", DIGIT | HEX],
  ["abcdef", LOWER | HEX],
  ["ghijklmnopqrstuvwxyz", LOWER],
  ["ABCDEF", UPPER | HEX],
  ["GHIJKLMNOPQRSTUVWXYZ", UPPER],
  ["-", DASH],
  [".", DOT],
  ["_", UNDERSCORE],
  [":", COLON],
] as const) {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = classes;
}

/** The index of the first unit in `[from, to)` that is in none of the classes, or `to`. */
export function run(text: string, from: number, to: number, classes: number): number {
  let index = from;
  while (index < to && is(text, index, classes)) index += 1;
  return index;
}

/** All classes of the units in `[from, to)`. */
export function classesIn(text: string, from: number, to: number): number {
  let classes = 0;
  for (let index = from; index < to; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 128) classes |= CLASSES[unit] as number;
  }
  return classes;
}

/** Whether the unit at an index within the text is in one of the classes. */
export function is(text: string, index: number, classes: number): boolean {
  const unit = text.charCodeAt(index);
  return unit < 128 && ((CLASSES[unit] as number) & classes) !== 0;
}

/** Most characters of registry and repository together. */
export const MAX_NAME_CHARS = 255;

/** Whether a text is one component of a path. */
export const isPathComponent = (text: string): boolean => pathComponent(text, 0, text.length) === text.length;

/**
 * The end of one path component, `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, at a `/` or `to`, or the index of the unit that breaks it as
 * a negative number, bitwise complemented.
 */
export function pathComponent(text: string, from: number, to: number): number {
  let end = run(text, from, to, LOWER | DIGIT);
  if (end === from) return ~from;
  while (end < to && text.charCodeAt(end) !== SLASH) {
    const after = separator(text, end, to);
    const next = run(text, after, to, LOWER | DIGIT);
    if (after === end || next === after) return ~Math.min(after, to);
    end = next;
  }
  return end;
}

/** The end of the separator that begins at an index, or the index. */
function separator(text: string, from: number, to: number): number {
  if (is(text, from, DASH)) return run(text, from, to, DASH);
  if (is(text, from, DOT)) return from + 1;
  return is(text, from, UNDERSCORE) ? from + (text[from + 1] === "_" ? 2 : 1) : from;
}

/** The end of one label of a host name, `[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?`, or the complement as above. */
export function hostLabel(text: string, from: number, to: number): number {
  const end = run(text, from, to, ALPHANUMERIC | DASH);
  if (end === from || text[from] === "-") return ~from;
  return text[end - 1] === "-" ? ~(end - 1) : end;
}

/** The end of `[` hex digits and colons `]`, or the complement as above. */
export function bracketedAddress(text: string, from: number, to: number): number {
  const end = run(text, from + 1, to, HEX | COLON);
  return end > from + 1 && text[end] === "]" ? end + 1 : ~end;
}
