import { z } from "zod";
import type { CatalogueImage } from "../catalogue/state.ts";
import type { Ages } from "./ages.ts";
import type { Candidate } from "./candidate.ts";
import { naturalOrder } from "./text-order.ts";
import { newerBy } from "./newer-by.ts";
import type { Field, Ordering } from "./ordering.ts";

/** Which end of an order is picked. Named by the outcome: people read "descending" either way. */
export const PickSettings = z
  .enum(["highest", "lowest"])
  .default("highest")
  .meta({ description: "Which of them is the version" });
type PickedEnd = z.output<typeof PickSettings>;

/** The parts of an order by keys that differ from kind to kind. */
interface KeyedOrdering<Key> extends Pick<Ordering<Key>, "summary" | "read" | "compareKeys" | "explain"> {
  /** What the keys are: `version`, `number`. */
  readonly noun: string;
  readonly pick: PickedEnd;
  /** ` in ^1.0.0`, after "has the highest version". */
  readonly where?: string;
  /** Whether the best is so far above the next that it may be a mistake. */
  readonly isFar?: (best: Key, next: Key) => boolean;
}

/** So many candidates show what is usual. */
const MANY = 3;

/** An order by keys; of equal keys the newer image comes first, and then the natural order of tags decides. */
export function keyed<Key>(parts: KeyedOrdering<Key>): Ordering<Key> {
  const { noun, pick, where = "", compareKeys, isFar } = parts;
  const over = pick === "highest" ? "higher" : "lower";
  return {
    ...parts,
    compare: (a, b, ages) => compareKeys(a.key, b.key) || compareEqual(a, b, ages),
    decide: ({ among }) => {
      const reason = `${among} it has the ${pick} ${noun}${where}`;
      return { decidedBy: "policy", reason, ambiguous: false };
    },
    decisive(winner, loser, ages) {
      if (compareKeys(winner.key, loser.key) !== 0) return `${winner.tag} is the ${over} ${noun} than ${loser.tag}`;
      return `${winner.tag} comes to the same ${noun} as ${loser.tag}, and ${equalBy(winner, loser, ages)}`;
    },
    warnings({ best, next, all, ages }: Field<Key>) {
      if (compareKeys(best.key, next.key) === 0) {
        const why = equalBy(best, next, ages);
        return [`${best.tag} and ${next.tag} come to the same ${noun}, but name different images; ${best.tag} ${why}`];
      }
      if (all.length < MANY || !isFar?.(best.key, next.key)) return [];
      return [
        `${best.tag} is far from the next ${noun}, ${next.tag}; if it is a mistake, deny it: {version: ${best.tag}, reason: …}`,
      ];
    },
  };
}

function compareEqual(a: Candidate<unknown>, b: Candidate<unknown>, ages: Ages): number {
  return ages.compareTimes(a, b) || naturalOrder(a.tag, b.tag) || compareDigests(a.image, b.image);
}

const compareDigests = ({ digest: a }: CatalogueImage, { digest: b }: CatalogueImage): number =>
  a < b ? -1 : a > b ? 1 : 0;

function equalBy(winner: Candidate<unknown>, loser: Candidate<unknown>, ages: Ages): string {
  if (ages.compareTimes(winner, loser) === 0) return "is the later by its name alone";
  return newerBy(ages.of(winner), ages.of(loser), ages.difference(winner, loser));
}
