/** A number of something per second; empty where it was not measured. */
export const rate = (perSecond: number): string => (Number.isNaN(perSecond) ? "" : perSecond.toFixed(0));

/** The value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
}
