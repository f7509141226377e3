/** One rule's answer about one image. */
export interface Verdict {
  /** The check's name, such as `approved-namespace`. */
  readonly check: string;
  readonly state: "passed" | "failed" | "pending";
  /** Why, in a sentence that a person can act on. */
  readonly reason: string;
  /** Of the check's configuration when it answered. Journals of older versions do not say. */
  readonly fingerprint?: string;
  /** Until when the answer holds; for ever where absent. ISO 8601 in UTC. */
  readonly expires?: string;
}
