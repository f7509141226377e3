import { parseDuration } from "@executor-registry/resolver/internal";
import { z } from "zod";

const FORM = /^\d{1,9}(?:ms|s|m|h|d)$/;

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

const milliseconds = (text: string): number => parseDuration(text) ?? Number.NaN;
