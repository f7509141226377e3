import type { CatalogueImage } from "../catalogue/state.ts";
import { Ages } from "./ages.ts";
import { Candidate } from "./candidate.ts";
import { DropCounts } from "./drops.ts";
import { Lints } from "./lints.ts";
import { type Evaluator, Sieve } from "./sieve.ts";
import type { Evaluation, EvaluationContext } from "./rules.ts";

/** Orders the candidates among some images, and counts why the others are none. */
export function evaluate<Key>(
  evaluator: Evaluator<Key>,
  images: Iterable<CatalogueImage>,
  context: EvaluationContext,
): Evaluation {
  const { reads, eligible = isAdmitted } = context;
  const { ordering } = evaluator;
  const known = [...images];
  const ages = new Ages(known, reads);
  const sieve = new Sieve(evaluator, context, ages);
  const drops = new DropCounts();
  const lints = new Lints();
  const all: Candidate<Key>[] = [];
  for (const image of known) {
    if (!eligible(image) || !sieve.isNamed(image)) continue;
    const sifted = sieve.sift(image);
    if (sifted.note) lints.see(sifted.note);
    if (sifted instanceof Candidate) all.push(sifted);
    else drops.add(sifted);
  }
  const { best, next } = bestOf(all, (a, b) => ordering.compare(a, b, ages));
  const changesAt = Math.min(sieve.changesAt, drops.countsFrom);
  const made = { candidates: all.length, drops: drops.list, ...(Number.isFinite(changesAt) && { changesAt }) };
  const said = [...evaluator.warnings, ...lints.warnings, ...sieve.warnings];
  const admitted = all.length + drops.total;
  if (best === undefined) {
    const counts = `${admitted} ${admitted === 1 ? "image" : "images"}, ${drops.sentence}`;
    const reason =
      admitted === 0 ? "no image is admitted" : `no image is a candidate for ${ordering.summary}: ${counts}`;
    return { ...made, decidedBy: "none", reason, ambiguous: false, warnings: said };
  }
  const pick = { image: best.image, tag: best.tag };
  // What could not be read may be newer: then it is the best of those that could.
  const versions = `admitted version${admitted === 1 ? "" : "s"}${(reads?.unreadTotal ?? 0) > 0 ? " that could be read" : ""}`;
  if (next === undefined) {
    const reason =
      admitted === 1 ? `it is the only ${versions}` : `it is the only candidate among ${admitted} ${versions}`;
    return { ...made, pick, decidedBy: "only-candidate", reason, ambiguous: false, warnings: said };
  }
  const among =
    all.length === admitted
      ? `of ${admitted} ${versions}`
      : `of ${all.length} candidates among ${admitted} ${versions}`;
  const field = { best, next, all, ages, among };
  const runnerUp = { image: next.image, tag: next.tag };
  return { ...made, pick, runnerUp, ...ordering.decide(field), warnings: [...said, ...ordering.warnings(field)] };
}

const isAdmitted = ({ state }: CatalogueImage): boolean => state === "admitted";

function bestOf<T>(all: readonly T[], compare: (a: T, b: T) => number): { readonly best?: T; readonly next?: T } {
  let [best, next] = all;
  if (best === undefined || next === undefined) return best === undefined ? {} : { best };
  if (compare(next, best) > 0) [best, next] = [next, best];
  for (const one of all) {
    if (one === best || one === next) continue;
    if (compare(one, best) > 0) [best, next] = [one, best];
    else if (compare(one, next) > 0) next = one;
  }
  return { best, next };
}
