import { z } from "zod";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `5m`, `1h`: milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,9}(?:ms|s|m|h|d)$/, "expected a number and a unit, such as 30s, 5m or 1h")
  .transform((text) => {
    const unit = text.replace(/^\d+/, "") as keyof typeof UNITS;
    return Number.parseInt(text, 10) * UNITS[unit];
  })
  .meta({ title: "duration" });
