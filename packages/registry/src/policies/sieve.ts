import type { CatalogueImage } from "../catalogue/state.ts";
import type { Denial } from "../model/denial.ts";
import type { Ages } from "./ages.ts";
import { Candidate } from "./candidate.ts";
import { type DenialIndex, denialIndex } from "./denials.ts";
import { type DropMark, isFurther } from "./drops.ts";
import { HeldTags } from "./held-tags.ts";
import type { ImageReader } from "./image-reader.ts";
import type { Ordering } from "./ordering.ts";
import type { EvaluationContext } from "./rules.ts";

/** What images are evaluated by. */
export interface Evaluator<Key> {
  readonly ordering: Ordering<Key>;
  readonly reader: ImageReader<Key>;
  /** Of the settings: whether tags stay with the images that they named first. */
  readonly holdsTags: boolean;
  /** Of the settings, those that have ended too. */
  readonly denials: readonly Denial[];
  /** Of the settings, whatever the images. */
  readonly warnings: readonly string[];
}

/** Says of images at one time whether they are candidates. */
export class Sieve<Key> {
  readonly warnings: readonly string[];
  /** When the next denial of the settings ends. */
  readonly changesAt: number;
  readonly #evaluator: Evaluator<Key>;
  readonly #ages: Ages;
  readonly #now: number;
  readonly #held: HeldTags | undefined;
  readonly #denials: readonly DenialIndex[];

  constructor(evaluator: Evaluator<Key>, { denials, heldTags, now }: EvaluationContext, ages: Ages) {
    this.#evaluator = evaluator;
    this.#ages = ages;
    this.#now = now;
    this.#held = evaluator.holdsTags && heldTags ? new HeldTags(heldTags) : undefined;
    const own = inForce(evaluator.denials, now);
    this.changesAt = Math.min(...own.map(endOf));
    this.#denials = [denialIndex(own), denialIndex(denials)];
    this.warnings = this.#denials.flatMap(({ unusable }) =>
      unusable.map(
        ({ id }) => `the pattern of denial ${id} cannot be read, and denies nothing; lift it, and make another`,
      ),
    );
  }

  /** Whether a tag names an image, now or by what is held: others are no versions any more. */
  isNamed(image: CatalogueImage): boolean {
    return image.untagged === undefined || this.#held?.holds(image) === true;
  }

  sift(image: CatalogueImage): Candidate<Key> | DropMark {
    const read = this.#evaluator.reader.read(image, this.#held);
    const isCandidate = read instanceof Candidate;
    // What was dropped before denials are looked at has that as its reason.
    if (isCandidate || isFurther(read.code, "denied")) {
      const denial = this.#denials[0]?.of(image) ?? this.#denials[1]?.of(image);
      if (denial !== undefined) return { code: "denied", tag: read.tag, denial };
    }
    if (!isCandidate) return read;
    const countsFrom = this.#evaluator.ordering.countsFrom?.(read, this.#ages) ?? 0;
    return countsFrom > this.#now ? { code: "too-new", tag: read.tag, countsFrom } : read;
  }
}

const endOf = ({ until }: Denial): number => (until === undefined ? Infinity : Date.parse(until));

/** The last list for each, so that one list is one index as long as none ends. */
const lists = new WeakMap<readonly Denial[], readonly Denial[]>();

function inForce(denials: readonly Denial[], now: number): readonly Denial[] {
  const list = denials.filter((denial) => endOf(denial) > now);
  if (list.length === denials.length) return denials;
  const last = lists.get(denials);
  if (last?.length === list.length && list.every((denial, at) => denial === last[at])) return last;
  lists.set(denials, list);
  return list;
}
