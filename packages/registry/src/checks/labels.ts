import { z } from "zod";
import { glob } from "../model/glob.ts";
import { oneLine } from "../model/one-line.ts";
import { type Check, fingerprintOf } from "./check.ts";
import { judgeEach } from "./platforms-of.ts";

export const LabelSettings = z.strictObject({
  required: z
    .record(z.string().min(1), z.string().min(1))
    .refine((required) => Object.keys(required).length > 0, "expected a label at least")
    .meta({
      description: "Labels that an image must have, and a pattern of the value: `*` stands for any characters",
    }),
});

/** Lets in only images that have labels, in all of their platforms. Labels are the word of who built the image. */
export function createLabelsCheck({ required }: z.output<typeof LabelSettings>): Check {
  const wanted = Object.entries(required).map(([name, pattern]) => ({ name, pattern, matches: glob(pattern) }));
  return {
    name: "labels",
    fingerprint: fingerprintOf(required),
    judge: (subject, signal) =>
      judgeEach(subject, signal, ({ labels }) => {
        const lacking = wanted.flatMap(({ name, pattern, matches }) => {
          const value = labels.get(name) ?? "";
          if (value === "") return [`${name}=${pattern} (it has none)`];
          return matches(value) ? [] : [`${name}=${pattern} (it has ${oneLine(value, 80)})`];
        });
        if (lacking.length === 0)
          return { state: "passed", reason: `it has the labels ${wanted.map(({ name }) => name).join(", ")}` };
        const reason = `it does not have the labels ${lacking.join(", ")}; build it with them, such as by --label`;
        return { state: "failed", code: "labels-missing", reason: oneLine(reason) };
      }),
  };
}
