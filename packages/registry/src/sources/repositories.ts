import type { Naming } from "../model/naming.ts";
import { isRepositoryPath } from "@executor-registry/resolver/internal";
import { isLiteral, repositoryPattern } from "../model/repository-pattern.ts";

/** Which of a registry's repositories a source looks at. */
export interface RepositorySelection {
  /** Named one by one. */
  readonly named: readonly string[];
  /** Whether the registry has to be asked which repositories it holds. */
  readonly discovers: boolean;
  /** Where a path stands in the configuration's order, from 0; `undefined` when it is not selected. */
  rank(path: string): number | undefined;
}

/**
 * @param patterns paths within the registry, with `*` and `**`; the first that matches gives the rank
 */
export function selectRepositories(patterns: readonly string[], naming: Naming): RepositorySelection {
  const rules = patterns.map((text) => ({ literal: isLiteral(text), text, matches: repositoryPattern(text) }));
  return {
    named: rules.filter(({ literal }) => literal).map(({ text }) => text),
    discovers: rules.some(({ literal }) => !literal),
    rank(path) {
      // Named by a catalogue or an event: no reference could, and a request for it could leave the registry's API.
      if (!isRepositoryPath(path, "") || !naming.holdsExecutors(path)) return undefined;
      const place = rules.findIndex(({ matches }) => matches(path));
      return place < 0 ? undefined : place;
    },
  };
}

/** A host without the port that it has anyway. Only events are compared so: they say where to look, and nothing more. */
export const withoutDefaultPort = (host: string): string => host.replace(/:(?:443|80)$/, "");
