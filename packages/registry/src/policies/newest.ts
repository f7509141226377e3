import { z } from "zod";
import type { CatalogueImage } from "../catalogue/state.ts";
import { versionTag } from "../model/version-tag.ts";
import { durationBetween } from "../settings/duration.ts";
import type { Ages } from "./ages.ts";
import type { Candidate } from "./candidate.ts";
import { arrivalOf, newerBy } from "./newer-by.ts";
import type { Field, Ordering } from "./ordering.ts";
import type { Difference, Recency } from "./recency.ts";

export const NewestSettings = z.object({
  by: z.enum(["pushed", "tagged", "created"]).default("pushed").meta({
    description:
      "`pushed`: when the image came to its registry, or was found; `tagged`: when a tag last came to it; `created`: when it was built, by its own account",
  }),
  minAge: durationBetween("0s", "366d").prefault("0s").meta({
    description: "How long an image must have been there: since its push, or since it was found",
  }),
});
type Settings = z.output<typeof NewestSettings>;

const ADVICE =
  "give each image a version as its tag, such as 1.4.0, or let builds keep the time at which they were made";

/** By time, and by versions where no time tells images apart. The key is when the tag came, where that counts. */
export function newest({ by, minAge }: Settings): Ordering<number> {
  const created = (a: Candidate<unknown>, b: Candidate<unknown>, ages: Ages): number =>
    by === "created" ? ages.of(a).created - ages.of(b).created : 0;
  const difference = (a: Candidate<unknown>, b: Candidate<unknown>, ages: Ages): Difference =>
    created(a, b, ages) === 0 ? ages.difference(a, b) : "created";
  return {
    summary: `newest by ${by}${minAge === 0 ? "" : `, minAge ${durationText(minAge)}`}`,
    read(_, tag, image) {
      const tagged = by === "tagged" ? tagTime(tag, image) : undefined;
      return { key: tagged ?? 0, ...(tagged !== undefined && { tagged }) };
    },
    compareKeys: (a, b) => a - b,
    shownTag: versionTag,
    compare: (a, b, ages) => created(a, b, ages) || ages.compare(a, b),
    ...(minAge > 0 && { countsFrom: (one: Candidate<number>, ages: Ages) => cameAt(ages.of(one)) + minAge }),
    decide: (field) => decide(field, (one) => difference(field.best, one, field.ages)),
    decisive(winner, loser, ages) {
      return `${winner.tag} ${newerBy(ages.of(winner), ages.of(loser), difference(winner, loser, ages))}`;
    },
    explain: (_, text) => `${text} is left out`,
    warnings: () => [],
  };
}

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** As it is written in the configuration, in the largest unit that fits. */
function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNITS).find(([, one]) => ms % one === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

function tagTime(tag: string, { tagTimes }: CatalogueImage): number | undefined {
  const at = tagTimes !== undefined && Object.hasOwn(tagTimes, tag) ? tagTimes[tag] : undefined;
  return at === undefined ? undefined : Date.parse(at);
}

/** Of what was there before the first complete look, when it was built is the nearest that is known; else it is as new as it may be. */
function cameAt({ pushed, look, created, found }: Recency): number {
  return pushed ?? (look > 0 || created === 0 ? found : Math.min(created, found));
}

function decide(
  { best, all, among, ages }: Field<number>,
  differenceTo: (one: Candidate<number>) => Difference,
): ReturnType<Ordering<number>["decide"]> {
  const differences = new Set<Difference>();
  for (const one of all) if (one !== best) differences.add(differenceTo(one));
  if (differences.has("name")) {
    const reason = `nothing shows which ${among} is the newest: some were there when their repository was looked at first, without a time that is believable or a version to compare`;
    return { decidedBy: "none", reason, ambiguous: true, advice: ADVICE };
  }
  const newest = ages.of(best);
  const why = (): string => {
    if (differences.has("version")) return "has the highest version of those that no time orders";
    if (differences.has("created")) {
      const undated = all.some((one) => ages.of(one).created === 0 && ages.of(one).look === newest.look);
      return `is the last that was built${undated ? " of those that say when" : ""} (${best.image.details?.created ?? ""})`;
    }
    const verb = !differences.has("pushed") ? "found" : newest.tagged === undefined ? "pushed" : "tagged";
    return `is the last that was ${verb} (${arrivalOf(newest)})`;
  };
  return { decidedBy: "policy", reason: `${among} it ${why()}`, ambiguous: false };
}
