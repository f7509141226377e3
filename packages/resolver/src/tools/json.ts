/** A JSON object whose fields are not known. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as an object; an empty one for anything else. For documents whose fields cannot be relied on. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** What is at a path of members; nothing where one of them is missing. */
export function memberAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => objectOf(inner)[name], value);
}

/** The objects of a list; none when it is no list. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The texts of a list; none when it is no list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A value when it is a string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
