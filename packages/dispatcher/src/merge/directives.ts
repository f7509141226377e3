import { InvalidRequestError } from "../tools/errors.ts";
import type { JsonObject } from "@executor-registry/resolver/internal";

const ORDER = "$setElementOrder/";
const REMOVE = "$deleteFromPrimitiveList/";

/** A patch's fields, apart from what it says about how to apply them. */
export interface Directives {
  /** `$patch` */
  readonly mode: "merge" | "replace" | "delete";
  /** `$retainKeys`: the only fields that stay. */
  readonly retain?: ReadonlySet<unknown>;
  /** `$setElementOrder/FIELD` */
  readonly order: ReadonlyMap<string, readonly unknown[]>;
  /** `$deleteFromPrimitiveList/FIELD` */
  readonly remove: ReadonlyMap<string, readonly unknown[]>;
  readonly fields: ReadonlyMap<string, unknown>;
}

/**
 * Takes a patch apart.
 * @throws InvalidRequestError for a directive that does not exist or has no sense here; the API server would ignore it
 * @see https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function readDirectives(patch: JsonObject, path: string): Directives {
  const order = new Map<string, readonly unknown[]>();
  const remove = new Map<string, readonly unknown[]>();
  const fields = new Map<string, unknown>();
  let mode: Directives["mode"] = "merge";
  let retain: ReadonlySet<unknown> | undefined;
  for (const [name, value] of Object.entries(patch)) {
    if (name === "$patch") mode = modeOf(value, path);
    else if (name === "$retainKeys") retain = new Set(list(value, path, name));
    else if (name.startsWith(ORDER)) order.set(name.slice(ORDER.length), list(value, path, name));
    else if (name.startsWith(REMOVE)) remove.set(name.slice(REMOVE.length), list(value, path, name));
    else if (name.startsWith("$"))
      throw new InvalidRequestError(`${path}.${name}`, "is not a directive of a strategic merge");
    else fields.set(name, value);
  }
  for (const [name, value] of fields) {
    if (retain && value !== null && !retain.has(name)) {
      throw new InvalidRequestError(`${path}.${name}`, "is set, but missing from $retainKeys");
    }
  }
  return { mode, ...(retain ? { retain } : {}), order, remove, fields };
}

function modeOf(value: unknown, path: string): "replace" | "delete" {
  if (value === "replace" || value === "delete") return value;
  throw new InvalidRequestError(`${path}.$patch`, "must be replace or delete");
}

function list(value: unknown, path: string, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new InvalidRequestError(`${path}.${name}`, "must be a list");
}
