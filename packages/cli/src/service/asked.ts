import type { Resolution, ResolveOptions, Resolver } from "@executor-registry/resolver";
import type { Flags } from "../base/flags.ts";
import type { Given } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";

/** In place of a type. */
export const NEEDS_FLAGS = {
  needs: {
    type: "string",
    multiple: true,
    value: "LIST",
    help: "instead of a TYPE what it must be able to do, separated by commas: 'pytorch,cuda>=12'",
  },
} as const satisfies Flags;

/** What somebody wants resolved. */
export interface Asked {
  /** For messages. */
  readonly what: string;
  /** Absent where capabilities are asked for. */
  readonly type?: string;
  resolve(resolver: Resolver, options: ResolveOptions): Promise<Resolution>;
}

/** The words of a flag that takes lists and may be repeated. */
export function listed({ flags }: Given, name: string): readonly string[] {
  const given = flags[name];
  const lists = Array.isArray(given) ? (given as readonly string[]) : [];
  return lists.flatMap((list) => list.split(",").map((word) => word.trim()));
}

/** The type that is named, or what is needed in its place. @throws UsageError for both, and for neither */
export function askedFor(given: Given, command: string): Asked {
  const [type] = given.words;
  const needs = listed(given, "needs");
  if (type !== undefined && needs.length > 0)
    throw new UsageError(`${command} takes a TYPE or --needs, not both`, command);
  if (type !== undefined) return { what: type, type, resolve: (resolver, options) => resolver.resolve(type, options) };
  if (needs.length === 0) throw new UsageError(`${command} needs TYPE, or --needs`, command);
  return { what: needs.join(", "), resolve: (resolver, options) => resolver.resolve({ needs, ...options }) };
}
