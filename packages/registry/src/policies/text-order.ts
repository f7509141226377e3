const DIGITS = /^[0-9]+$/;

/** The value of a text of digits, however many; undefined for any other: `1e9`, `0x7f` and `1_000` are no numbers here. */
export const wholeNumber = (text: string): bigint | undefined => (DIGITS.test(text) ? BigInt(text) : undefined);

/** Zero where equal; positive where `a` is greater. */
export const compareNumbers = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? 1 : -1);

/** By code units, whatever the locale. */
export const compareText = (a: string, b: string): number => (a === b ? 0 : a > b ? 1 : -1);

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
