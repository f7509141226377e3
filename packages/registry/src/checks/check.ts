import type { Image } from "../model/image.ts";
import type { Verdict } from "../model/verdict.ts";

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
