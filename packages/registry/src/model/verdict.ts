/** One rule's answer about one image. */
export interface Verdict {
  /** The check's name, such as `approved-namespace`. */
  readonly check: string;
  readonly state: "passed" | "failed" | "pending";
  /** Why, in a sentence that a person can act on. */
  readonly reason: string;
}
