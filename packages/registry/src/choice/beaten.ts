import type { Claim } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import { compareRecency, differenceOf, Recency } from "../policies/recency.ts";
import type { CatalogueImage } from "../catalogue/state.ts";
import type { Current, ReadsOf } from "./current.ts";

/** Why an image that passes is not the current version: which version is, and what decides between the two. */
export function beaten(
  image: CatalogueImage,
  current: Current | undefined,
  claims: readonly Claim[],
  readsOf: ReadsOf,
): string {
  if (current === undefined) return "the type has no version now";
  const { name: repository } = current.image.repository;
  if (image.repository.name !== repository) {
    const own = claims.find((claim) => claim.repository === image.repository.name);
    const order = own?.equal ? "was there first" : "comes first in the configuration";
    return oneLine(`the version is taken from ${repository}, which ${order}`);
  }
  const reads = readsOf(repository);
  const [winner, loser] = [new Recency(current.image, reads), new Recency(image, reads)];
  // Kept though it fails, for example.
  if (compareRecency(winner, loser) < 0) return oneLine(`${winner.tag} is the version: ${current.reason}`);
  return oneLine(`${winner.tag} ${rule(winner, loser)}`);
}

function rule(winner: Recency, loser: Recency): string {
  switch (differenceOf(winner, loser)) {
    case "pushed":
      return `was pushed later (${timeOf(winner)}; this one ${timeOf(loser)})`;
    case "found":
      return `was found later (${winner.image.found}; this one ${loser.image.found})`;
    case "created":
      return loser.created === 0
        ? `was built later (${builtAt(winner)}; this one does not say when, or nothing believable)`
        : `was built later (${builtAt(winner)}; this one ${builtAt(loser)})`;
    case "version":
      return `is the higher version than ${loser.tag}, and no time tells the two apart`;
    case "name":
      return `was chosen, though neither a time nor a version shows which of the two is newer`;
  }
}

const timeOf = ({ image: { pushed, found } }: Recency): string => pushed ?? found;
const builtAt = ({ created }: Recency): string => new Date(created).toISOString();
