import { hash } from "node:crypto";

/** An answer as it is sent. */
export interface Rendered {
  readonly body: Buffer;
  /** Strong, with its quotes. @see https://www.rfc-editor.org/rfc/rfc9110#name-etag */
  readonly etag: string;
}

/** Several answers, each for a part of the subjects. */
export interface Shares {
  /** At least one; weights are relative to their sum. */
  readonly shares: readonly { readonly weight: number; readonly rendered: Rendered }[];
}

/** The answer for a subject: always the same one while the shares stay. */
export function answerFor(answer: Rendered | Shares, subject: string): Rendered {
  if (!("shares" in answer)) return answer;
  const total = answer.shares.reduce((sum, { weight }) => sum + weight, 0);
  let left = (hash("sha256", subject, "buffer").readUInt32BE(0) / 2 ** 32) * total;
  for (const { weight, rendered } of answer.shares) {
    if (left < weight) return rendered;
    left -= weight;
  }
  throw new RangeError("an executor type has no share with a weight");
}
