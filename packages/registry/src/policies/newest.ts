import type { CatalogueImage } from "../catalogue/state.ts";
import { type Difference, Recency, RecencyOrder } from "./recency.ts";
import type { Evaluation, EvaluationContext, Standing } from "./rules.ts";

const ADVICE =
  "give each image a version as its tag, such as 1.4.0, or let builds keep the time at which they were made";

const NONE = { drops: [], warnings: [], candidates: 0 } as const;

/** The newest version, and what shows that it is; ambiguous where nothing does. */
export function newest(images: Iterable<CatalogueImage>, { reads, eligible }: EvaluationContext): Evaluation {
  const looks = Array.from(images, (image) => new Recency(image, reads));
  const order = new RecencyOrder(looks);
  const all = looks.filter(({ image }) => (eligible === undefined ? image.state === "admitted" : eligible(image)));
  let best: Recency | undefined;
  let next: Recency | undefined;
  for (const one of all) {
    if (best === undefined || order.compare(one, best) > 0) [best, next] = [one, best];
    else if (next === undefined || order.compare(one, next) > 0) next = one;
  }
  if (best === undefined) return { ...NONE, decidedBy: "none", reason: "no image is admitted", ambiguous: false };
  const made = { ...NONE, candidates: all.length, pick: standing(best), ambiguous: false };
  // What could not be read may be newer: then it is the newest of those that could.
  const readable = (reads?.unreadTotal ?? 0) === 0 ? "" : " that could be read";
  if (next === undefined) {
    return { ...made, decidedBy: "only-candidate", reason: `it is the only admitted version${readable}` };
  }
  const picked = { ...made, runnerUp: standing(next) };
  const differences = new Set<Difference>();
  for (const one of all) if (one !== best) differences.add(order.difference(best, one));
  if (differences.has("name")) {
    const reason = `nothing shows which of ${all.length} admitted versions${readable} is the newest: some were there when their repository was looked at first, without a time that is believable or a version to compare`;
    return { ...picked, decidedBy: "none", reason, ambiguous: true, advice: ADVICE };
  }
  const reason = `of ${all.length} admitted versions${readable} it ${reasonFor(best, all, differences)}`;
  return { ...picked, decidedBy: "policy", reason };
}

const standing = ({ image, tag }: Recency): Standing => ({ image, tag });

function reasonFor(newest: Recency, all: readonly Recency[], differences: ReadonlySet<Difference>): string {
  const { image } = newest;
  if (differences.has("version")) return "has the highest version of those that no time orders";
  if (differences.has("created")) {
    const undated = all.some(({ created, look }) => created === 0 && look === newest.look);
    return `is the last that was built${undated ? " of those that say when" : ""} (${image.details?.created ?? ""})`;
  }
  if (differences.has("pushed")) return `is the last that was pushed (${image.pushed ?? image.found})`;
  return `is the last that was found (${image.found})`;
}

/** What makes an image newer than another, which is "this one". */
export function newerBy(winner: Recency, loser: Recency): string {
  switch (new RecencyOrder([winner, loser]).difference(winner, loser)) {
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
