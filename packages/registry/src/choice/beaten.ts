import type { Claim } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import { newerBy } from "../policies/newest.ts";
import { Recency, RecencyOrder } from "../policies/recency.ts";
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
  if (new RecencyOrder([winner, loser]).compare(winner, loser) < 0)
    return oneLine(`${winner.tag} is the version: ${current.reason}`);
  return oneLine(`${winner.tag} ${newerBy(winner, loser)}`);
}
