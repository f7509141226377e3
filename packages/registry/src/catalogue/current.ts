import type { ExecutorDocument } from "@executor-registry/resolver";
import type { Claim } from "./change.ts";
import { oneLine } from "./one-line.ts";
import { isRunnable } from "../checks/runnable.ts";
import { compareNewest, timeOf } from "./newest.ts";
import type { CatalogueImage, CatalogueType } from "./state.ts";
import { versionTag } from "./version-tag.ts";

/** Which version of a type is current, and why. */
export interface Current {
  readonly image: CatalogueImage;
  readonly decidedBy: ExecutorDocument["decidedBy"];
  readonly reason: string;
  /** How many admitted versions it was chosen from. */
  readonly versions: number;
  readonly warnings: readonly string[];
}

const HOW = {
  pushed: "the last that was pushed",
  created: "the last that was built",
  found: "the last that was found",
} as const;

/** The current version of a type: the newest admitted one of the repository that comes first. */
export function currentOf({ claims, from, images }: CatalogueType): Current | undefined {
  const [claim, ...others] = claims;
  if (claim === undefined) return undefined;
  const admitted: CatalogueImage[] = [];
  const waiting: CatalogueImage[] = [];
  for (const image of images.of(claim.repository)) {
    if (image.state === "admitted") admitted.push(image);
    else if (image.state !== "withdrawn") waiting.push(image);
  }
  let newest = admitted[0];
  if (newest === undefined) return undefined;
  for (const image of admitted) if (compareNewest(image, newest) > 0) newest = image;
  const chosen = newest;
  const warnings = [...rivals(claim, others), ...takeover(claim, from), ...newer(waiting, chosen)];
  const only = admitted.length === 1;
  return {
    image: chosen,
    decidedBy: only ? "only-candidate" : "policy",
    reason: only
      ? "it is the only admitted version"
      : `of ${admitted.length} admitted versions it is ${HOW[timeOf(chosen).by]} (${timeOf(chosen).at})`,
    versions: admitted.length,
    warnings,
  };
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

function newer(waiting: readonly CatalogueImage[], chosen: CatalogueImage): readonly string[] {
  // A build cache is pushed after each image: it is not a newer one that somebody waits for.
  const images = waiting.filter((image) => isRunnable(image.details) && compareNewest(image, chosen) > 0);
  images.sort((a, b) => compareNewest(b, a));
  const warnings = images.slice(0, NAMED).map(({ tags, state, verdicts }) => {
    const why = verdicts.find((verdict) => verdict.state !== "passed");
    return oneLine(`a newer image, ${versionTag(tags)}, is ${state}: ${why?.reason ?? "not judged yet"}`);
  });
  const more = images.length - NAMED;
  return more > 0 ? [...warnings, `${more} more newer images are not admitted`] : warnings;
}
