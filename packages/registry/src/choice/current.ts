import { pinnedName } from "@executor-registry/resolver";
import { isRunnable } from "../model/runnable.ts";
import type { Claim } from "../model/change.ts";
import { makeVersionPolicies } from "../policies/policies.ts";
import { Recency, RecencyOrder } from "../policies/recency.ts";
import type { Evaluation, Standing } from "../policies/rules.ts";
import { isEnforced, type OnInvalid } from "../model/verdict.ts";
import { versionTag } from "../model/version-tag.ts";
import { oneLine } from "../model/one-line.ts";
import type { CatalogueImage, CatalogueType, RepositoryReads } from "../catalogue/state.ts";
import { unreadWarnings } from "./unread.ts";

/** Which version of a type is current, and why. */
export interface Current extends Pick<Evaluation, "decidedBy" | "reason" | "ambiguous" | "advice"> {
  readonly image: CatalogueImage;
  /** How many admitted versions it was chosen from. */
  readonly versions: number;
  readonly warnings: readonly string[];
}

/** Which version is current; or which one fails, so that the type's policy refuses the type; or neither. */
export interface Choice {
  readonly current?: Current;
  readonly refused?: CatalogueImage;
}

/** What came of the looks at a repository. */
export type ReadsOf = (repository: string) => RepositoryReads | undefined;

/** The images of one repository, by whether they may be the version. */
interface Sorted {
  readonly reads: RepositoryReads | undefined;
  readonly admitted: readonly Recency[];
  /** Admitted once, and failing or waiting now. */
  readonly invalid: readonly Recency[];
  readonly waiting: readonly Recency[];
}

/**
 * The current version of a type, of the repository that its claims put first. The version policy chooses, since there is neither a pin nor
 * a rollout that would come before it.
 */
export function choose(
  { claims, from, images }: CatalogueType,
  readsOf: ReadsOf,
  onInvalid: OnInvalid = "fallback",
): Choice {
  const [first, ...others] = claims;
  const sorted = (repository: string): Sorted => sortedImages(images.of(repository).values(), readsOf(repository));
  if (onInvalid === "refuse") {
    const refused = refusedOf(first && sorted(first.repository), from && sorted(from.repository));
    if (refused !== undefined) return { refused };
  }
  const claim = first ?? (onInvalid === "keep" ? from : undefined);
  if (claim === undefined) return {};
  const { reads, admitted, invalid, waiting } = sorted(claim.repository);
  const valid = chosenFrom(admitted, reads);
  const choice = valid ?? (onInvalid === "keep" ? chosenFrom(invalid, reads) : undefined);
  if (choice === undefined) return {};
  const { pick, decidedBy, reason, ambiguous, advice } = choice;
  const { image } = pick;
  const chosen = new Recency(image, reads);
  const warnings = [
    ...unreadWarnings(claim.repository, reads),
    ...rivals(claim, others),
    ...(first === undefined ? [] : takeover(claim, from)),
    ...failures(image),
    ...newer([...waiting, ...invalid.filter((one) => one.image !== image)], chosen),
    ...choice.warnings,
  ];
  const why = { decidedBy, reason, ambiguous, ...(advice !== undefined && { advice }) };
  return { current: { image, ...why, versions: admitted.length, warnings } };
}

function sortedImages(images: Iterable<CatalogueImage>, reads: RepositoryReads | undefined): Sorted {
  const admitted: Recency[] = [];
  const invalid: Recency[] = [];
  const waiting: Recency[] = [];
  for (const image of images) {
    const recency = new Recency(image, reads);
    if (image.state === "admitted") admitted.push(recency);
    else if (image.state !== "withdrawn") (image.added === undefined ? waiting : invalid).push(recency);
  }
  return { reads, admitted, invalid, waiting };
}

const RULES = makeVersionPolicies({ policies: [] }).of("");

function chosenFrom(
  versions: readonly Recency[],
  reads: RepositoryReads | undefined,
): (Evaluation & { readonly pick: Standing }) | undefined {
  const images = versions.map(({ image }) => image);
  const { pick, ...made } = RULES.evaluate(images, { reads, denials: [], now: 0, eligible: () => true });
  return pick && { ...made, pick };
}

/** The best of all that were ever admitted, where it fails: of the repository that was left because nothing in it passes, else of the first. */
function refusedOf(first: Sorted | undefined, from: Sorted | undefined): CatalogueImage | undefined {
  for (const sorted of [from, first]) {
    if (sorted === undefined || sorted.invalid.length === 0) continue;
    const best = chosenFrom([...sorted.admitted, ...sorted.invalid], sorted.reads);
    const image = best?.pick.image;
    if (image !== undefined && sorted.invalid.some((one) => one.image === image)) return image;
  }
  return undefined;
}

/** What an image fails, and that its type has no version for it. */
export function refusal({ tags, digest, repository, verdicts }: CatalogueImage): string {
  const failed = verdicts.find((verdict) => isEnforced(verdict) && verdict.state !== "passed");
  const why = failed === undefined ? "does not pass" : `does not pass the check ${failed.check}: ${failed.reason}`;
  const which = `its version ${versionTag(tags)} (${pinnedName(repository, digest)})`;
  return oneLine(
    `${which} ${why}; its policy (onInvalid: refuse) gives it no other version until this one passes or a better one does`,
  );
}

/** What the chosen image does not pass. */
function failures({ verdicts }: CatalogueImage): readonly string[] {
  return verdicts
    .filter(({ state }) => state !== "passed")
    .map(({ check, reason, mode }) => {
      const why = mode === "warn" ? "its policy only warns" : "it is kept, since no other version passes";
      return oneLine(`the check ${check} does not pass, and ${why}: ${reason}`);
    });
}

/** So many are named one by one; strangers may make thousands. */
const NAMED = 5;

function rivals(claim: Claim, others: readonly Claim[]): readonly string[] {
  const warnings = others.slice(0, NAMED).map(({ repository, source, equal }) => {
    const why = equal
      ? `${claim.repository} was there first; put one of them first in the configuration`
      : `${claim.repository} comes first in the configuration`;
    return `${repository} (source ${source}) holds images of this type too; ${why}`;
  });
  const more = others.length - NAMED;
  return more > 0 ? [...warnings, `${more} more repositories hold images of this type too`] : warnings;
}

function takeover(claim: Claim, from: Claim | undefined): readonly string[] {
  if (from === undefined) return [];
  const which = `${claim.repository} (source ${claim.source}) took over from ${from.repository} (source ${from.source})`;
  return [
    `${which}, which holds no admitted image of this type any more; if that is meant, put it first in the configuration`,
  ];
}

function newer(waiting: readonly Recency[], chosen: Recency): readonly string[] {
  // A build cache is pushed after each image: it is not a newer image.
  const order = new RecencyOrder([...waiting, chosen]);
  const images = waiting.filter((one) => isRunnable(one.image.details) && order.compare(one, chosen) > 0);
  images.sort((a, b) => order.compare(b, a));
  const warnings = images.slice(0, NAMED).map(({ tag, image: { state, verdicts } }) => {
    const why = verdicts.find((verdict) => verdict.state !== "passed");
    return oneLine(`a newer image, ${tag}, is ${state}: ${why?.reason ?? "not judged yet"}`);
  });
  const more = images.length - NAMED;
  return more > 0 ? [...warnings, `${more} more newer images are not admitted`] : warnings;
}
