import { isObject, type JsonObject } from "../tools/json.ts";

/** Something that came in place of what the service documents. The message says what is wrong with it. */
export class NotADocument extends Error {
  override readonly name = "NotADocument";
}

/** @throws NotADocument */
export function record(json: unknown, what: string): JsonObject {
  if (isObject(json)) return json;
  throw new NotADocument(`${what} is no JSON object`);
}

/** @throws NotADocument */
export function text(fields: JsonObject, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new NotADocument(`its member ${name} is no text`);
}

/** @throws NotADocument */
export function texts(fields: JsonObject, name: string): readonly string[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new NotADocument(`its member ${name} is no list of texts`);
}

export function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** @throws NotADocument */
export function time(fields: JsonObject, name: string): string {
  const value = fields[name];
  if (isTime(value)) return value;
  throw new NotADocument(`its member ${name} is no time`);
}

/** @throws NotADocument */
export function number(fields: JsonObject, name: string): number {
  const value = fields[name];
  if (typeof value === "number") return value;
  throw new NotADocument(`its member ${name} is no number`);
}

/** @throws NotADocument */
export function boolean(fields: JsonObject, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw new NotADocument(`its member ${name} is neither true nor false`);
}

/** @throws NotADocument */
export function oneOf<T extends string>(fields: JsonObject, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === fields[name]);
  if (found !== undefined) return found;
  throw new NotADocument(`its member ${name} is not one of ${values.join(", ")}`);
}

/** @param most more than so many are refused @throws NotADocument, also what `parse` throws */
export function list<T>(fields: JsonObject, name: string, parse: (item: unknown) => T, most = Infinity): readonly T[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new NotADocument(`its member ${name} is no list`);
  if (value.length > most) throw new NotADocument(`its member ${name} has more than ${most} items`);
  return value.map((item) => parse(item));
}

/** An object with that member alone where it is there, else without any, to be spread. */
export function optional<N extends string, T>(
  fields: JsonObject,
  name: N,
  parse: (fields: JsonObject, name: N) => T,
): { readonly [K in N]?: T } {
  return fields[name] === undefined ? {} : ({ [name]: parse(fields, name) } as { readonly [K in N]: T });
}
