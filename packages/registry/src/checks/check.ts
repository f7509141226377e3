import type { Image } from "../catalogue/image.ts";

/** One rule's answer about one image. */
export interface Verdict {
  /** The check's name, such as `approved-namespace`. */
  readonly check: string;
  readonly state: "passed" | "failed" | "pending";
  /** Why, in a sentence that a person can act on. */
  readonly reason: string;
}

/** One rule about images. */
export interface Check {
  readonly name: string;
  /** Never rejects for what it finds: a rule that cannot be judged now is `pending`, with the reason. */
  judge(image: Image, signal: AbortSignal): Promise<Verdict>;
}

/** What every check says of an image, in their order. */
export function judge(checks: readonly Check[], image: Image, signal: AbortSignal): Promise<readonly Verdict[]> {
  return Promise.all(checks.map((check) => check.judge(image, signal)));
}
