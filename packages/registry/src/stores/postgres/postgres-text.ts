import { createHash } from "node:crypto";

/** Characters of a column that is looked for: an index takes 2,700 bytes. */
const LONGEST = 500;

/** PostgreSQL's text holds neither NUL nor half a character: these are written as in JSON, and so is what that begins with. */
export const storable = (text: string): string =>
  text.replaceAll(/[\\\0\p{Surrogate}]/gu, (character) =>
    character === "\\" ? "\\\\" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** The text that {@link storable} was given. */
export const restored = (stored: string): string =>
  stored.replaceAll(/\\(?:\\|u([0-9a-f]{4}))/g, (_, code?: string) =>
    code === undefined ? "\\" : String.fromCharCode(Number.parseInt(code, 16)),
  );

/** What is looked for instead of a text: another for each. A long one is found by its hash. */
export function findable(text: string): string {
  const stored = storable(text);
  if (stored.length <= LONGEST) return stored;
  return `\\h${createHash("sha256").update(stored).digest("hex")}`;
}

/** A name in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
