import { systemClock } from "@executor-registry/resolver";
import type { CatalogueState, CatalogueType, RepositoryReads } from "../catalogue/state.ts";
import type { TypeProfile } from "../model/type-profile.ts";
import type { OnInvalid } from "../model/verdict.ts";
import type { EvaluationContext, VersionRules } from "../policies/rules.ts";

/** What of a configuration decides about a type. */
export interface TypeRules {
  /** What becomes of it when its version fails as it is judged again. */
  readonly onInvalid: OnInvalid;
  readonly versions: VersionRules;
  /** What it says of the type itself. */
  readonly profile?: TypeProfile | undefined;
}

/** Rules with the same basis decide alike. */
export const basisOf = ({ onInvalid, versions, profile }: TypeRules): string =>
  JSON.stringify([onInvalid, versions.fingerprint, profile]);

/** The rules of every type. */
export type RulesOf = (type: string) => TypeRules;

/** The rules under the version policies that an operator has set; under the configuration's where none are. */
export type RulesUnder = (set: CatalogueState["versionPolicies"]) => RulesOf;

/** What came of the looks at a repository. */
type ReadsOf = (repository: string) => RepositoryReads | undefined;

/** What a choice is made by, besides the type. */
export interface Grounds {
  readonly readsOf: ReadsOf;
  readonly rules: TypeRules;
  /** Milliseconds since the Unix epoch. @default the machine's clock */
  readonly now?: number;
}

/** What the version policy is asked with about the images of a repository. */
export function contextOf(
  { denials, movedTags, images }: CatalogueType,
  repository: string,
  { readsOf, rules, now = systemClock.now() }: Grounds,
): EvaluationContext {
  const context = { reads: readsOf(repository), denials, now };
  if (rules.versions.onTagMoved === "follow") return context;
  // A tag stays with its first image as long as that one is there.
  const held = movedTags.filter((moved) => {
    if (moved.repository !== repository) return false;
    const first = images.get(repository, moved.from);
    return first !== undefined && first.state !== "withdrawn";
  });
  return { ...context, heldTags: new Map(held.map(({ tag, from }) => [tag, from])) };
}
