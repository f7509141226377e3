import type { Difference, Recency } from "./recency.ts";

/** What makes an image newer than another, which is "this one". */
export function newerBy(winner: Recency, loser: Recency, difference: Difference): string {
  switch (difference) {
    case "pushed":
      return `was ${winner.tagged === undefined ? "pushed" : "tagged"} later (${arrivalOf(winner)}; this one ${arrivalOf(loser)})`;
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

/** When it came: as the registry says, or as it was seen. */
export const arrivalOf = ({ tagged, image: { pushed, found } }: Recency): string =>
  tagged === undefined ? (pushed ?? found) : new Date(tagged).toISOString();

const builtAt = ({ created }: Recency): string => new Date(created).toISOString();
