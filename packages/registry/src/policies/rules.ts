import type { Digest, ExecutorDocument } from "@executor-registry/resolver";
import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import type { Denial } from "../model/denial.ts";

/** Why an image, or one of its tags, is no candidate. Counted by code. */
export type DropCode =
  | "platform"
  | "artifact-tag"
  | "denied"
  | "excluded"
  | "not-included"
  | "not-extracted"
  | "not-a-version"
  | "out-of-range"
  | "prerelease"
  | "other-tag"
  | "tag-moved"
  | "too-new";

export interface Drop {
  readonly code: DropCode;
  /** For people, with the image as subject: `main is not a version`. */
  readonly detail: string;
}

/** Images that were dropped for one reason. */
interface DropCount {
  readonly code: DropCode;
  readonly count: number;
  /** Tags of some of them. */
  readonly examples: readonly string[];
}

/** A candidate: an admitted image, and the tag that gave it its key. The tag is shown as its version, as it is written. */
export interface Standing {
  readonly image: CatalogueImage;
  readonly tag: string;
}

/** What a policy makes of the images of one repository of a type. */
export interface Evaluation {
  /** Absent where there is no candidate. */
  readonly pick?: Standing;
  /** What would be picked without the pick. */
  readonly runnerUp?: Standing;
  readonly decidedBy: Extract<ExecutorDocument["decidedBy"], "only-candidate" | "policy" | "none">;
  /** Why, in a sentence; without a pick, why there is none. */
  readonly reason: string;
  /** Nothing shows which version is the right one. `advice` says what to do about it. */
  readonly ambiguous: boolean;
  readonly advice?: string;
  readonly candidates: number;
  /** The other images, by the reason for which each is no candidate. */
  readonly drops: readonly DropCount[];
  readonly warnings: readonly string[];
  /** When time alone makes another evaluation of the same images; milliseconds since the Unix epoch. */
  readonly changesAt?: number;
}

/** What an evaluation depends on besides the images. */
export interface EvaluationContext {
  /** What came of the looks at the images' repository. */
  readonly reads: RepositoryReads | undefined;
  /** Of the type, from the catalogue: each is in force. Those of the settings are added by the rules. */
  readonly denials: readonly Denial[];
  /** For `onTagMoved: hold`: the image that a tag stays with. */
  readonly heldTags?: ReadonlyMap<string, Digest>;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Which images may be candidates; those that are admitted where absent. */
  readonly eligible?: (image: CatalogueImage) => boolean;
}

/** What decides which version of a type is current. One for each policy of the configuration; made once. */
export interface VersionRules {
  /** Of the policy in the configuration; empty for the default. */
  readonly name: string;
  readonly kind: string;
  /** Of all its settings: rules with the same one decide alike. */
  readonly fingerprint: string;
  /** One line: `semver ^1.0.0, include ^\d`. */
  readonly summary: string;
  readonly onEmpty: "keep" | "refuse";
  readonly onTagMoved: "follow" | "hold";
  /** Those of the settings, whether they have ended or not. */
  readonly denials: readonly Denial[];
  /** @param images of one repository of the type; those that are not eligible, and those that no tag names any more, are passed over */
  evaluate(images: Iterable<CatalogueImage>, context: EvaluationContext): Evaluation;
  /** Why an image is no candidate, as far as tags, time and denials go; undefined where it is one. */
  dropOf(image: CatalogueImage, context: EvaluationContext): Drop | undefined;
  /**
   * Positive where `a` is above `b`, zero where neither can be called lower; undefined where one of the tags has no key. It looks at the tags,
   * not at filters and ranges: for the guard against going down.
   */
  compare(a: Standing, b: Standing, context: EvaluationContext): number | undefined;
  /** What decides between two candidates, as a clause in which "this one" is the loser: `1.2.0 is the higher version than 1.1.0`. */
  decisive(winner: Standing, loser: Standing, context: EvaluationContext): string;
}

/** The version policies of a configuration. */
export interface VersionPolicies {
  /** Of all that they say. */
  readonly hash: string;
  /** A line for each policy: the types that it is for, and its rules. */
  readonly summary: readonly string[];
  of(type: string): VersionRules;
}
