import type { ExecutorDocument } from "@executor-registry/resolver";
import { isRunnable } from "../model/runnable.ts";
import type { Claim } from "../model/change.ts";
import { compareRecency, type Difference, differenceOf, Recency } from "../policies/newest.ts";
import { oneLine } from "../model/one-line.ts";
import type { CatalogueImage, CatalogueType, RepositoryReads } from "../catalogue/state.ts";
import { unreadWarnings } from "./unread.ts";

/** Which version of a type is current, and why. */
export interface Current {
  readonly image: CatalogueImage;
  readonly decidedBy: ExecutorDocument["decidedBy"];
  readonly reason: string;
  /** Nothing shows which version is the newest. `advice` says what to do about it. */
  readonly ambiguous: boolean;
  readonly advice?: string;
  /** How many admitted versions it was chosen from. */
  readonly versions: number;
  readonly warnings: readonly string[];
}

/** What came of the looks at a repository. */
export type ReadsOf = (repository: string) => RepositoryReads | undefined;

const ADVICE =
  "give each image a version as its tag, such as 1.4.0, or let builds keep the time at which they were made";

/** The current version of a type: the newest admitted one of the repository that comes first. */
export function currentOf({ claims, from, images }: CatalogueType, readsOf: ReadsOf): Current | undefined {
  const [claim, ...others] = claims;
  if (claim === undefined) return undefined;
  const reads = readsOf(claim.repository);
  const admitted: Recency[] = [];
  const waiting: Recency[] = [];
  for (const image of images.of(claim.repository)) {
    if (image.state === "admitted") admitted.push(new Recency(image, reads));
    else if (image.state !== "withdrawn") waiting.push(new Recency(image, reads));
  }
  let newest = admitted[0];
  if (newest === undefined) return undefined;
  for (const one of admitted) if (one !== newest && compareRecency(one, newest) > 0) newest = one;
  const warnings = [
    ...unreadWarnings(claim.repository, reads),
    ...rivals(claim, others),
    ...takeover(claim, from),
    ...newer(waiting, newest),
  ];
  return { image: newest.image, ...whyNewest(newest, admitted, reads), versions: admitted.length, warnings };
}

type Why = Pick<Current, "decidedBy" | "reason" | "ambiguous" | "advice">;

function whyNewest(newest: Recency, admitted: readonly Recency[], reads: RepositoryReads | undefined): Why {
  // What could not be read may be newer: then it is the newest of those that could.
  const readable = (reads?.unreadTotal ?? 0) > 0 ? " that could be read" : "";
  if (admitted.length === 1) {
    return { decidedBy: "only-candidate", reason: `it is the only admitted version${readable}`, ambiguous: false };
  }
  const differences = new Set<Difference>();
  for (const one of admitted) if (one !== newest) differences.add(differenceOf(newest, one));
  const all = `of ${admitted.length} admitted versions${readable} it`;
  if (differences.has("name")) {
    const reason = `nothing tells which of ${admitted.length} admitted versions${readable} is the newest: some were there when their repository was looked at first, without a time that is believable or a version to compare`;
    return { decidedBy: "none", reason, ambiguous: true, advice: ADVICE };
  }
  const { image } = newest;
  const undated = admitted.some(({ created, look }) => created === 0 && look === newest.look);
  const reason = differences.has("version")
    ? `${all} has the highest version of those that no time orders`
    : differences.has("created")
      ? `${all} is the last that was built${undated ? " of those that say when" : ""} (${image.details?.created ?? ""})`
      : differences.has("pushed")
        ? `${all} is the last that was pushed (${image.pushed ?? image.found})`
        : `${all} is the last that was found (${image.found})`;
  return { decidedBy: "policy", reason, ambiguous: false };
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
  const images = waiting.filter((one) => isRunnable(one.image.details) && compareRecency(one, chosen) > 0);
  images.sort((a, b) => compareRecency(b, a));
  const warnings = images.slice(0, NAMED).map(({ tag, image: { state, verdicts } }) => {
    const why = verdicts.find((verdict) => verdict.state !== "passed");
    return oneLine(`a newer image, ${tag}, is ${state}: ${why?.reason ?? "not judged yet"}`);
  });
  const more = images.length - NAMED;
  return more > 0 ? [...warnings, `${more} more newer images are not admitted`] : warnings;
}
