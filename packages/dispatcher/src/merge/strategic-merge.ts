import { InvalidRequestError } from "../tools/errors.ts";
import { isObject, type JsonObject } from "@executor-registry/resolver/internal";
import { readDirectives } from "./directives.ts";
import { arrange, isSubsequence } from "./order.ts";
import type { MergeSchema } from "./pod-schema.ts";

/**
 * Applies a strategic merge patch as the API server does for `application/strategic-merge-patch+json`:
 * objects merge, null deletes, lists are replaced unless the schema gives them a key, directives are obeyed.
 * Changes neither argument.
 *
 * It differs where the server leaves a directive standing in a field that the original lacks: here it is obeyed.
 * @param path names the patch in errors
 * @throws InvalidRequestError when the patch cannot be applied
 * @see https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, schema: MergeSchema, path: string): JsonObject {
  const { mode, retain, order, remove, fields } = readDirectives(patch, path);
  if (mode === "delete") return {};
  if (mode === "replace") return Object.fromEntries(fields);

  const result = new Map(Object.entries(original).filter(([name]) => retain?.has(name) ?? true));
  for (const [name, values] of remove) {
    const list = result.get(name);
    if (Array.isArray(list)) result.set(name, without(list, values));
  }
  for (const [name, value] of fields) {
    const merged = mergeValue(result.get(name), value, fieldOf(schema, name), `${path}.${name}`);
    if (merged === undefined) result.delete(name);
    else result.set(name, merged);
  }
  for (const [name, wanted] of order) {
    const list = result.get(name);
    if (!Array.isArray(list)) continue;
    const identity = identityOf(fieldOf(schema, name), `${path}.$setElementOrder/${name}`);
    checkOrder(wanted.map(identity), fields.get(name), identity, `${path}.${name}`);
    result.set(name, arrange(list, wanted.map(identity), original[name], identity));
  }
  return Object.fromEntries(result);
}

/** What becomes of one field, or nothing when it goes. */
function mergeValue(original: unknown, patch: unknown, schema: MergeSchema, path: string): unknown {
  if (patch === null || patch === undefined) return undefined;
  if (isObject(patch)) return strategicMerge(isObject(original) ? original : {}, patch, schema, path);
  if (!Array.isArray(patch)) return patch;
  const before = Array.isArray(original) ? original : [];
  if (schema.set) return arrange([...new Set([...before, ...patch])], patch, before, itself);
  return schema.key === undefined ? patch : mergeByKey(before, patch, schema, path);
}

function mergeByKey(
  original: readonly unknown[],
  patch: readonly unknown[],
  schema: MergeSchema,
  path: string,
): unknown {
  const identity = identityOf(schema, path);
  const additions: { readonly element: JsonObject; readonly at: string }[] = [];
  const deleted = new Set<unknown>();
  let replace = false;
  for (const [index, element] of patch.entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(element)) throw new InvalidRequestError(at, "must be an object");
    const { mode } = readDirectives(element, at);
    if (mode === "delete") deleted.add(identity(element));
    else if (mode === "replace") replace = true;
    else additions.push({ element, at });
  }
  const clean = ({ element, at }: (typeof additions)[number]): JsonObject => strategicMerge({}, element, schema, at);
  const before = original.filter((element) => !deleted.has(identity(element)));
  // Elements that share a key, as a TCP and a UDP port of one number do, must not be merged with one another.
  if (replace || before.length === 0) return additions.map(clean);

  const merged: unknown[] = [...before];
  for (const addition of additions) {
    const key = identity(addition.element);
    const index = merged.findIndex((element) => identity(element) === key);
    const found = merged[index];
    if (isObject(found)) merged[index] = strategicMerge(found, addition.element, schema, addition.at);
    else merged.push(clean(addition));
  }
  return arrange(
    merged,
    additions.map(({ element }) => identity(element)),
    before,
    identity,
  );
}

/** Tells elements of a list apart: by the schema's key, or as they are. */
function identityOf(schema: MergeSchema, path: string): (element: unknown) => unknown {
  const { key } = schema;
  if (key === undefined) return itself;
  return (element) => {
    const value = isObject(element) ? element[key] : undefined;
    if (value === undefined)
      throw new InvalidRequestError(path, `has an element without ${key}, by which it is merged`);
    return value;
  };
}

function checkOrder(wanted: unknown[], patch: unknown, identity: (element: unknown) => unknown, path: string): void {
  const given = (Array.isArray(patch) ? patch : []).filter((element) => !isObject(element) || !("$patch" in element));
  if (!isSubsequence(given.map(identity), wanted)) {
    throw new InvalidRequestError(
      path,
      "has another order than its $setElementOrder, or elements that are missing there",
    );
  }
}

function fieldOf({ fields = {} }: MergeSchema, name: string): MergeSchema {
  return Object.hasOwn(fields, name) ? (fields[name] ?? {}) : {};
}

const itself = (element: unknown): unknown => element;

function without(list: readonly unknown[], values: readonly unknown[]): unknown[] {
  const gone = new Set(values);
  return list.filter((value) => !gone.has(value));
}
