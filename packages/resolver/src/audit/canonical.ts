/**
 * The one way to write a JSON value, so that its hash means something: members sorted by UTF-16 code units, no white
 * space, numbers and strings as ECMAScript writes them. Members that are `undefined` do not exist, as in `JSON.stringify`.
 *
 * One deviation from the rules: a lone surrogate is written as its escape instead of being refused. Labels of images
 * are foreign, and one odd label must not keep a catalogue from being written.
 *
 * @throws TypeError for what JSON cannot say: functions, symbols, big integers, NaN, infinities, a bare `undefined`
 * @see https://www.rfc-editor.org/rfc/rfc8785 JSON Canonicalization Scheme
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") {
    throw new TypeError(`JSON cannot say ${typeof value === "number" ? value : `a ${typeof value}`}`);
  }

  const members = value as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member !== undefined) parts.push(`${quoted(name)}:${canonicalJson(member)}`);
  }
  return `{${parts.join(",")}}`;
}

/** Opening a journal verifies every entry that it replays, and most strings need no escapes. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));
const PLAIN = /^[ !#-[\]-~]*$/;
