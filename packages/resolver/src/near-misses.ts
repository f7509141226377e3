const FAR = 3;
const MOST = 3;

/** The known words a person may have meant: at most three, the closest first. */
export function nearMisses(word: string, known: Iterable<string>): string[] {
  const close: { readonly candidate: string; readonly distance: number }[] = [];
  // In three letters two are not a slip but another word.
  const allowed = word.length < 6 ? 1 : 2;
  for (const candidate of new Set(known)) {
    const contained =
      Math.min(word.length, candidate.length) > 1 && (candidate.includes(word) || word.includes(candidate));
    const distance = contained ? 1 : editDistance(word, candidate);
    if (word !== "" && distance <= allowed) close.push({ candidate, distance });
  }
  close.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return close.slice(0, MOST).map(({ candidate }) => candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; {@link FAR} stands for that many or more. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) >= FAR) return FAR;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] ?? FAR) + 1,
        (next[column - 1] ?? FAR) + 1,
        (last[column - 1] ?? FAR) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (before[column - 2] ?? FAR) + 1);
      next.push(best);
    }
    before = last;
    last = next;
  }
  return Math.min(FAR, last[b.length] ?? FAR);
}
