import type { CatalogueImage } from "../catalogue/state.ts";
import type { Candidate } from "./candidate.ts";
import type { Ages } from "./ages.ts";
import type { Note } from "./lints.ts";
import type { DropCode, Evaluation } from "./rules.ts";

/** What a tag says to a policy: its key, which may be left out for a reason, or why it has none. */
export interface Reading<Key> {
  readonly key?: Key;
  readonly drop?: DropCode;
  /** When the tag came, where that counts as a push of the image. Milliseconds since the Unix epoch. */
  readonly tagged?: number;
  /** What the policy's users should hear of, where other tags bear it out. */
  readonly note?: Note;
}

/** The candidates, when there are several. */
export interface Field<Key> {
  readonly best: Candidate<Key>;
  readonly next: Candidate<Key>;
  readonly all: readonly Candidate<Key>[];
  readonly ages: Ages;
  /** `of 3 admitted versions`. */
  readonly among: string;
}

/** What a policy of one kind is: how it reads tags, and how it orders candidates by what it read. */
export interface Ordering<Key> {
  /** With its options, for people: `semver ^1.0.0`. */
  readonly summary: string;
  /** @param text what `extract` made of the tag, or the tag */
  readonly read: (text: string, tag: string, image: CatalogueImage) => Reading<Key>;
  /** Positive where `a` is above `b`. */
  readonly compareKeys: (a: Key, b: Key) => number;
  /** Of tags with equal keys the one that is shown, where that is another than the longest. */
  readonly shownTag?: (tags: readonly string[]) => string;
  /** As {@link compareKeys}, and then by what else tells two candidates apart: total. */
  readonly compare: (a: Candidate<Key>, b: Candidate<Key>, ages: Ages) => number;
  /** For the guard against going down, where that is another order. */
  readonly isNeverLower?: boolean;
  /** When a candidate counts; at once where absent. Milliseconds since the Unix epoch. */
  readonly countsFrom?: (candidate: Candidate<Key>, ages: Ages) => number;
  /** Why the best is it. */
  readonly decide: (field: Field<Key>) => Pick<Evaluation, "decidedBy" | "reason" | "ambiguous" | "advice">;
  /** A clause with the winner's tag first, in which "this one" is the loser. */
  readonly decisive: (winner: Candidate<Key>, loser: Candidate<Key>, ages: Ages) => string;
  /** Why a tag is dropped that {@link read} drops, with the text as subject. */
  readonly explain: (code: DropCode, text: string) => string;
  /** What to tell of the best, beside the next. */
  readonly warnings: (field: Field<Key>) => readonly string[];
}
