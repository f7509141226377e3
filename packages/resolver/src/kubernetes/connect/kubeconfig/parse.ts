import { isObject } from "../../../tools/json.ts";
import { dirname, resolve } from "node:path";
import { KubeconfigError } from "../../api/errors.ts";

/** What a file says under one name, and the folder that its relative paths begin at. */
export interface Entry {
  readonly fields: Fields;
  readonly folder: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One kubeconfig, or several merged. What an entry holds is looked at once it is used, so that old ones do no harm. */
export interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

/** Takes a text apart into JSON values. */
export type ParseText = (text: string) => unknown;

/**
 * Reads a kubeconfig as kubectl does: an empty one says nothing.
 * @throws KubeconfigError
 */
export function parseKubeconfig(file: string, text: string, parse: ParseText): Kubeconfig {
  let content: unknown;
  try {
    content = text.trim() === "" ? undefined : parse(text);
  } catch (cause) {
    throw unreadableKubeconfig(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const fields = fieldsOf(content ?? {});
  if (!fields) throw unreadableKubeconfig(file, "it is not a mapping");
  const folder = dirname(resolve(file));
  const entries = (list: string, kind: string): ReadonlyMap<string, Entry> => {
    const items = fields[list] ?? [];
    if (!Array.isArray(items)) throw unreadableKubeconfig(file, `${list} is not a list`);
    const named = new Map<string, Entry>();
    for (const item of items) {
      const one = fieldsOf(item) ?? {};
      const name = stringOf(one["name"]);
      if (name !== undefined && !named.has(name)) named.set(name, { fields: fieldsOf(one[kind]) ?? {}, folder });
    }
    return named;
  };
  return {
    currentContext: stringOf(fields["current-context"]),
    contexts: entries("contexts", "context"),
    clusters: entries("clusters", "cluster"),
    users: entries("users", "user"),
  };
}

/**
 * Of two entries with one name the first counts, and of current contexts the first that is named.
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
export function mergeKubeconfigs(parts: readonly Kubeconfig[]): Kubeconfig {
  const merged = (kind: "contexts" | "clusters" | "users"): ReadonlyMap<string, Entry> =>
    new Map(parts.toReversed().flatMap((part) => [...part[kind]]));
  return {
    currentContext: parts.map(({ currentContext }) => currentContext).find((name) => name !== undefined),
    contexts: merged("contexts"),
    clusters: merged("clusters"),
    users: merged("users"),
  };
}

export function unreadableKubeconfig(file: string, why: string, cause?: unknown): KubeconfigError {
  return new KubeconfigError(`the kubeconfig ${file} cannot be read: ${why}`, { cause });
}

/** The fields of a mapping; none where it is not a mapping. */
export function fieldsOf(value: unknown): Fields | undefined {
  return isObject(value) ? value : undefined;
}

/** A text that is not empty. YAML reads some names and tokens as numbers; they are meant as texts. */
export function stringOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A switch that is on, in the words of YAML 1.1 as well. */
export function isOn(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(?:true|yes|on|y)$/i.test(value));
}

/** A path, seen from its file's folder. */
export function pathOf(value: unknown, folder: string): string | undefined {
  const text = stringOf(value);
  return text === undefined ? undefined : resolve(folder, text);
}
