import type { CatalogueImage } from "../catalogue/state.ts";
import type { Claim } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import { isRunnable } from "../model/runnable.ts";
import type { EvaluationContext, Standing, VersionRules } from "../policies/rules.ts";

// What a person should know about a choice.

/** So many are named one by one; strangers may make thousands. */
const NAMED = 5;

/** What the chosen image does not pass. */
export function failures({ verdicts }: CatalogueImage): readonly string[] {
  return verdicts
    .filter(({ state }) => state !== "passed")
    .map(({ check, reason, mode }) => {
      const why = mode === "warn" ? "its policy only warns" : "it is kept, since no other version passes";
      return oneLine(`the check ${check} does not pass, and ${why}: ${reason}`);
    });
}

/** That other repositories hold images of the type too. */
export function rivals(claim: Claim, others: readonly Claim[]): readonly string[] {
  const warnings = others.slice(0, NAMED).map(({ repository, source, equal }) => {
    const why = equal
      ? `${claim.repository} was there first; put one of them first in the configuration`
      : `${claim.repository} comes first in the configuration`;
    return `${repository} (source ${source}) holds images of this type too; ${why}`;
  });
  const more = others.length - NAMED;
  return more > 0 ? [...warnings, `${more} more repositories hold images of this type too`] : warnings;
}

/** That a repository answers for the type because another one has nothing left. */
export function takeover(claim: Claim, from: Claim | undefined): readonly string[] {
  if (from === undefined) return [];
  const which = `${claim.repository} (source ${claim.source}) took over from ${from.repository} (source ${from.source})`;
  return [
    `${which}, which holds no admitted image of this type any more; if that is meant, put it first in the configuration`,
  ];
}

/** That images which are not admitted would be chosen in place of the version. */
export function better(
  images: readonly CatalogueImage[],
  chosen: Standing,
  rules: VersionRules,
  context: EvaluationContext,
): readonly string[] {
  const all: EvaluationContext = { ...context, eligible: () => true };
  // A build cache is pushed after each image: it is not a newer image.
  const above = images.flatMap((image) => {
    const standing = isRunnable(image.details) ? rules.evaluate([image], all).pick : undefined;
    return standing && (rules.compare(standing, chosen, all) ?? 0) > 0 ? [standing] : [];
  });
  above.sort((a, b) => rules.compare(b, a, all) ?? 0);
  const warnings = above.slice(0, NAMED).map(({ tag, image: { state, verdicts } }) => {
    const why = verdicts.find((verdict) => verdict.state !== "passed");
    return oneLine(`a newer image, ${tag}, is ${state}: ${why?.reason ?? "not judged yet"}`);
  });
  const more = above.length - NAMED;
  return more > 0 ? [...warnings, `${more} more newer images are not admitted`] : warnings;
}
