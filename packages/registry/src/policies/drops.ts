import type { Denial } from "../model/denial.ts";
import type { Note } from "./lints.ts";
import type { DropCode, Evaluation } from "./rules.ts";
import { compareText } from "./text-order.ts";

/** Where an image, or a tag of it, was dropped. */
export interface DropMark {
  readonly code: DropCode;
  /** The tag that came furthest. */
  readonly tag: string;
  /** What `extract` made of it. */
  readonly text?: string;
  readonly note?: Note;
  readonly denial?: Denial;
  /** When it counts; milliseconds since the Unix epoch. */
  readonly countsFrom?: number;
}

/** How many images were dropped at a step, in the order of the steps. */
const WORDS: Readonly<Record<DropCode, string>> = {
  platform: "not for the platform",
  "artifact-tag": "signatures and other artifacts",
  denied: "denied",
  excluded: "excluded",
  "not-included": "not included",
  "not-extracted": "without a key to extract",
  "not-a-version": "not a version",
  "other-tag": "without the tag",
  "out-of-range": "out of range",
  prerelease: "pre-releases",
  "tag-moved": "whose tag stays with another image",
  "too-new": "too new",
};
const STEPS = Object.keys(WORDS) as readonly DropCode[];
const PLACES = new Map(STEPS.map((code, place) => [code, place]));

const MAX_EXAMPLES = 3;

/** Whether the first step comes after the second. */
export const isFurther = (a: DropCode, b: DropCode): boolean => (PLACES.get(a) ?? 0) > (PLACES.get(b) ?? 0);

/** Those that come last by code units, whatever the order in which they come: mostly the newest. */
function keepExample(examples: string[], tag: string): void {
  const last = examples[MAX_EXAMPLES - 1];
  if (last !== undefined && last >= tag) return;
  examples.push(tag);
  examples.sort((a, b) => compareText(b, a)).splice(MAX_EXAMPLES);
}

/** Counts images that are no candidates. */
export class DropCounts {
  readonly #counts = new Map<DropCode, { count: number; readonly examples: string[] }>();
  total = 0;
  /** When the first of those that are too new counts. */
  countsFrom = Infinity;

  add({ code, tag, countsFrom }: DropMark): void {
    this.total += 1;
    if (countsFrom !== undefined && countsFrom < this.countsFrom) this.countsFrom = countsFrom;
    let counted = this.#counts.get(code);
    if (counted === undefined) this.#counts.set(code, (counted = { count: 0, examples: [] }));
    counted.count += 1;
    keepExample(counted.examples, tag);
  }

  get list(): Evaluation["drops"] {
    return STEPS.flatMap((code) => {
      const counted = this.#counts.get(code);
      return counted === undefined ? [] : [{ code, ...counted }];
    });
  }

  /** `12 not a version (main, latest, …), 1 denied (1.16.13)`. */
  get sentence(): string {
    const parts = this.list.map(({ code, count, examples }) => {
      return `${count} ${WORDS[code]} (${examples.join(", ")}${count > examples.length ? ", …" : ""})`;
    });
    return parts.join(", ");
  }
}
