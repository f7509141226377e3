/** “; did you mean …?”, where something is close. */
export function suggestion(word: string, known: readonly string[]): string {
  const close = known.filter((candidate) => isClose(word, candidate));
  return close.length > 0 ? `; did you mean ${close.join(" or ")}?` : "";
}

/** Whether one word begins the other, or they are one typing mistake apart: a letter more, less or other, or two exchanged. */
function isClose(a: string, b: string): boolean {
  if (a === "") return false;
  if (a.startsWith(b) || b.startsWith(a)) return true;
  let start = 0;
  while (a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const exchanged = left.length === 2 && left[0] === right[1] && left[1] === right[0];
  return (left.length <= 1 && right.length <= 1) || (right.length === 2 && exchanged);
}
