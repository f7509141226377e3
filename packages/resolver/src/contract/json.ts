/** A JSON object as it came. */
export type Json = Readonly<Record<string, unknown>>;

/** Something that came in place of what the service documents. The message says what is wrong with it. */
export class NotADocument extends Error {
  override readonly name = "NotADocument";
}

/** @throws NotADocument */
export function record(json: unknown, what: string): Json {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Json;
  throw new NotADocument(`${what} is no JSON object`);
}

/** @throws NotADocument */
export function text(fields: Json, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new NotADocument(`its member ${name} is no text`);
}

/** @throws NotADocument */
export function texts(fields: Json, name: string): readonly string[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new NotADocument(`its member ${name} is no list of texts`);
}

export function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
