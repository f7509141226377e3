const RUNS = /\d+|\D+/g;

/** As people count: runs of digits by their value, the rest by code units. Zero for equal texts alone, and the same in every locale. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [a.match(RUNS) ?? [], b.match(RUNS) ?? []];
  for (const [index, run] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (run !== other) return runOrder(run, other);
  }
  return left.length - right.length;
}

function runOrder(run: string, other: string): number {
  if (/^\d/.test(run) && /^\d/.test(other)) {
    const [value, otherValue] = [BigInt(run), BigInt(other)];
    if (value !== otherValue) return value > otherValue ? 1 : -1;
  }
  return run < other ? -1 : 1;
}
