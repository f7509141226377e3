import { z } from "zod";
import { type Check, fingerprintOf } from "./check.ts";
import { judgeImages } from "./platforms-of.ts";

const FORM = /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/;

export const PlatformSettings = z.strictObject({
  include: z.array(z.string().regex(FORM, "expected os/architecture[/variant], such as linux/amd64")).min(1).meta({
    description:
      "Platforms that an image must be there for, all of them: `linux/amd64`, `linux/arm/v7`. Without a variant any variant will do",
  }),
});

/** Lets in only images that are there for every platform that is wanted: each is read, not only named. */
export function createPlatformsCheck({ include }: z.output<typeof PlatformSettings>): Check {
  return {
    name: "platforms",
    fingerprint: fingerprintOf(include),
    judge: (subject, signal) =>
      judgeImages(subject, signal, (images) => {
        const has = [...new Set(images.flatMap(({ platform }) => platform ?? []))].sort();
        const missing = include.filter((wanted) => !has.some((one) => one === wanted || one.startsWith(`${wanted}/`)));
        const all = has.join(", ") || "no platform that it names";
        if (missing.length === 0)
          return { state: "passed", reason: `it is for ${all}`, evidence: { platforms: all.slice(0, 512) } };
        const reason = `it is for ${all}, and not for ${missing.join(", ")}; build it with --platform ${include.join(",")}`;
        return { state: "failed", code: "platform-missing", reason };
      }),
  };
}
