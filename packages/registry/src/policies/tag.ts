import { z } from "zod";
import { keyed } from "./keyed.ts";
import type { Ordering } from "./ordering.ts";

export const TagSettings = z.object({
  tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, "expected a tag, such as stable")
    .meta({ description: "The tag whose image is the version" }),
});

/** The image that one tag names. */
export function followedTag({ tag: name }: z.output<typeof TagSettings>): Ordering<true> {
  return {
    ...keyed<true>({
      summary: `tag ${name}`,
      noun: "tag",
      pick: "highest",
      read: (_, tag) => (tag === name ? { key: true } : { drop: "other-tag" }),
      compareKeys: () => 0,
      explain: (_, text) => `its tag is ${text}, not ${name}`,
    }),
    isNeverLower: true,
    decisive: () => `${name} names another image`,
  };
}
