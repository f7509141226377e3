// Character classes and runs of the reference grammar. Every function looks at each character at most once.

const code = (character: string): number => character.charCodeAt(0);
const between = (unit: number, low: string, high: string): boolean => unit >= code(low) && unit <= code(high);

export const isDigit = (unit: number): boolean => between(unit, "0", "9");
const isLower = (unit: number): boolean => between(unit, "a", "z");
export const isUpper = (unit: number): boolean => between(unit, "A", "Z");
export const isAlphanumeric = (unit: number): boolean => isDigit(unit) || isLower(unit) || isUpper(unit);
const isHex = (unit: number): boolean => isDigit(unit) || between(unit, "a", "f") || between(unit, "A", "F");

/** The index of the first unit in `[from, to)` that does not belong, or `to`. */
export function run(text: string, from: number, to: number, belongs: (unit: number) => boolean): number {
  let index = from;
  while (index < to && belongs(text.charCodeAt(index))) index += 1;
  return index;
}

/**
 * The end of one path component, `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, or the index of the unit that breaks it as a
 * negative number, bitwise complemented.
 */
export function pathComponent(text: string, from: number, to: number): number {
  const alphanumeric = (unit: number): boolean => isLower(unit) || isDigit(unit);
  let end = run(text, from, to, alphanumeric);
  if (end === from) return ~from;
  while (end < to) {
    const separator = text[end] ?? "";
    const after =
      separator === "-"
        ? run(text, end, to, (unit) => unit === code("-"))
        : separator === "."
          ? end + 1
          : separator === "_"
            ? end + (text[end + 1] === "_" ? 2 : 1)
            : end;
    const next = run(text, after, to, alphanumeric);
    if (after === end || next === after) return ~Math.min(after, to);
    end = next;
  }
  return end;
}

/** The end of one label of a host name, `[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?`, or the complement as above. */
export function hostLabel(text: string, from: number, to: number): number {
  const end = run(text, from, to, (unit) => isAlphanumeric(unit) || unit === code("-"));
  if (end === from || text[from] === "-") return ~from;
  return text[end - 1] === "-" ? ~(end - 1) : end;
}

/** The end of `[` hex digits and colons `]`, or the complement as above. */
export function bracketedAddress(text: string, from: number, to: number): number {
  const end = run(text, from + 1, to, (unit) => isHex(unit) || unit === code(":"));
  return end > from + 1 && text[end] === "]" ? end + 1 : ~end;
}
