import { parseDuration } from "@executor-registry/resolver/internal";
import { UsageError } from "../base/usage-error.ts";

/**
 * The moment that a flag names, ISO 8601 in UTC: a span before now, or a time.
 * @throws UsageError
 */
export function since(value: string | undefined, now: number, flag: string): string | undefined {
  if (value === undefined) return undefined;
  const span = /^\d{1,6}[smhd]$/.test(value) ? parseDuration(value) : undefined;
  const time = span === undefined ? timeOf(value) : now - span;
  if (Number.isNaN(time)) {
    throw new UsageError(
      `${flag} ${value} is neither a span such as 90m or 2d nor a time such as 2026-11-23T14:00:00Z`,
    );
  }
  return new Date(time).toISOString();
}

/** Numbers alone, which `Date` takes for years, are refused. */
const timeOf = (value: string): number => (/^\d{4}-\d\d/.test(value) ? Date.parse(value) : Number.NaN);
