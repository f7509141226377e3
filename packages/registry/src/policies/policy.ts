import type { ExecutorDocument } from "@executor-registry/resolver";
import type { Recency } from "./recency.ts";

/** The version that a policy chooses, and why. */
export interface PolicyChoice {
  readonly version: Recency;
  readonly decidedBy: ExecutorDocument["decidedBy"];
  /** Why, in a sentence. */
  readonly reason: string;
  /** Nothing shows which version is the right one. `advice` says what to do about it. */
  readonly ambiguous: boolean;
  readonly advice?: string;
}

/**
 * Which version is current where nothing else decides.
 * @param versions the admitted images of the repository that the type is resolved from
 * @param complete whether every tag of the repository could be read
 */
export type VersionPolicy = (versions: readonly [Recency, ...Recency[]], complete: boolean) => PolicyChoice;
