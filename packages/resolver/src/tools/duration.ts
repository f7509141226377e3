const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};

/**
 * Milliseconds of a duration such as `30s`, `1h30m` or `1.5ms`: as Go writes them, and in days (`d`).
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(d|h|ms|m|us|µs|μs|ns|s)/y;
  let total = 0;
  do {
    const [, number, unit = ""] = part.exec(text) ?? [];
    if (number === undefined) return undefined;
    total += Number(number) * (UNIT_MS[unit] ?? 0);
  } while (part.lastIndex < text.length);
  return total;
}
