/** One way to authenticate that a server offers. */
export interface Challenge {
  /** Lower-case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names are lower-case. A repeated name keeps its first value. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_LENGTH = 16 << 10;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const TOKEN68 = /[A-Za-z0-9\-._~+/]/;

/**
 * Reads `WWW-Authenticate`, which may hold several challenges, whose quoted values may hold commas and schemes' names.
 * Reads every character a bounded number of times. What it cannot read ends the list.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, MAX_LENGTH);
  const challenges: Challenge[] = [];
  let at = skip(text, 0, /[ \t,]/);
  while (at < text.length) {
    const schemeEnd = skip(text, at, TOKEN);
    if (schemeEnd === at) break;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: text.slice(at, schemeEnd).toLowerCase(), parameters });
    at = readParameters(text, readToken68(text, schemeEnd), parameters);
    if (at < 0) break;
  }
  return challenges;
}

/** Steps over a challenge's opaque form, such as `Negotiate YII=`, if that is what follows. */
function readToken68(text: string, from: number): number {
  const start = skip(text, from, /[ \t]/);
  const end = skip(text, skip(text, start, TOKEN68), /=/);
  const after = skip(text, end, /[ \t]/);
  return end > start && (after === text.length || text[after] === ",") ? after : from;
}

/** Reads `name=value` until the next scheme. @returns where that begins, or -1 where nothing more can be read */
function readParameters(text: string, from: number, into: Map<string, string>): number {
  let at = skip(text, from, /[ \t,]/);
  while (at < text.length) {
    const nameEnd = skip(text, at, TOKEN);
    const equals = skip(text, nameEnd, /[ \t]/);
    if (nameEnd === at) return -1;
    if (text[equals] !== "=") return at;
    const read = readValue(text, skip(text, equals + 1, /[ \t]/));
    if (!read) return -1;
    const name = text.slice(at, nameEnd).toLowerCase();
    if (!into.has(name)) into.set(name, read.value);
    at = skip(text, read.end, /[ \t,]/);
  }
  return at;
}

function readValue(text: string, from: number): { readonly value: string; readonly end: number } | undefined {
  if (text[from] !== '"') {
    // Strictly a token; some registries leave the quotes of a URL out.
    const end = skip(text, from, /[^\s,"]/);
    return end === from ? undefined : { value: text.slice(from, end), end };
  }
  let value = "";
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '"') return { value, end: at + 1 };
    if (text[at] === "\\") at += 1;
    value += text[at] ?? "";
  }
  return undefined;
}

/** The index of the first character from `from` on that does not match, or the length. */
function skip(text: string, from: number, belongs: RegExp): number {
  let at = from;
  while (at < text.length && belongs.test(text[at] ?? "")) at += 1;
  return at;
}
