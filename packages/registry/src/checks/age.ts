import type { Clock } from "@executor-registry/resolver";
import { isPast } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { durationBetween } from "../settings/duration.ts";
import { type Check, fingerprintOf } from "./check.ts";
import { judgeEach } from "./platforms-of.ts";

const DAY_MS = 86_400_000;

export const AgeSettings = z.strictObject({
  maxAge: durationBetween("1h", "3650d").meta({
    description:
      "How long ago an image may have been built, by its own account. It ceases to be a version when it is older",
  }),
  unknown: z.enum(["refuse", "allow"]).default("refuse").meta({
    description: "What becomes of images without a believable time, as reproducible builds write 1970",
  }),
});

/** Lets in only images that were built lately. What passes now is judged again when it becomes too old. */
export function createAgeCheck(settings: z.output<typeof AgeSettings>, { clock }: { readonly clock: Clock }): Check {
  const { maxAge, unknown } = settings;
  const days = `${Number((maxAge / DAY_MS).toFixed(1))} days`;
  return {
    name: "age",
    fingerprint: fingerprintOf(maxAge, unknown),
    judge: (subject, signal) =>
      judgeEach(subject, signal, ({ created }) => {
        const now = clock.now();
        if (created === undefined || !isPast(created, now)) {
          const fact =
            created === undefined
              ? "it does not say when it was built"
              : `it says that it was built at ${new Date(created).toISOString()}, which is in the future`;
          if (unknown === "allow") return { state: "passed", reason: `${fact}, which \`unknown: allow\` lets pass` };
          const remedy =
            "set SOURCE_DATE_EPOCH to the time of the commit in its build, or `unknown: allow` in its policy";
          return { state: "failed", code: "created-unknown", reason: `${fact}; ${remedy}` };
        }
        const built = `it was built at ${new Date(created).toISOString()}`;
        const expires = created + maxAge;
        if (expires > now) return { state: "passed", reason: `${built}, and may be ${days} old`, expires };
        return { state: "failed", code: "too-old", reason: `${built}, more than ${days} ago; build it again` };
      }),
  };
}
