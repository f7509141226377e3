import { z } from "zod";
import { Bytes, inBytes } from "../settings/bytes.ts";
import { type Check, fingerprintOf } from "./check.ts";
import { judgeEach } from "./platforms-of.ts";

export const SizeSettings = z.strictObject({
  max: Bytes.meta({
    description: "Most bytes of one platform's image, compressed, as nodes pull it: `500Mi`, `2Gi`",
  }),
});

/** Lets in only images that are small enough. */
export function createSizeCheck({ max }: z.output<typeof SizeSettings>): Check {
  return {
    name: "size",
    fingerprint: fingerprintOf(max),
    judge: (subject, signal) =>
      judgeEach(subject, signal, ({ sizeBytes }) => {
        if (sizeBytes === undefined) {
          const reason = "its manifest does not give the size of each layer; push it again with a current tool";
          return { state: "failed", code: "size-unknown", reason };
        }
        const fact = `it has ${inBytes(sizeBytes)}`;
        if (sizeBytes <= max) return { state: "passed", reason: `${fact} of ${inBytes(max)} at most` };
        const reason = `${fact} (${sizeBytes} bytes), more than ${inBytes(max)}; make it smaller, or allow more in its policy`;
        return { state: "failed", code: "too-large", reason };
      }),
  };
}
