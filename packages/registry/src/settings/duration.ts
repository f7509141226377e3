import { z } from "zod";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const FORM = /^(\d{1,9})(ms|s|m|h|d)$/;

/** `30s`, `5m`, `1h`: milliseconds, between two others, which are durations too. */
export const durationBetween = (least: string, most: string) =>
  z
    .string()
    .regex(FORM, "expected a number and a unit, such as 30s, 5m or 1h")
    .transform(milliseconds)
    .refine(
      (ms) => ms >= milliseconds(least) && ms <= milliseconds(most),
      `expected ${least} or more, and ${most} at most`,
    )
    .meta({ title: "duration" });

function milliseconds(text: string): number {
  const [, number = "", unit = "ms"] = FORM.exec(text) ?? [];
  return Number.parseInt(number, 10) * UNITS[unit as keyof typeof UNITS];
}
