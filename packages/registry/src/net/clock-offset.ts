/** Milliseconds of an answer that says the time. */
const MAX_COMPARED_MS = 2000;

/**
 * Milliseconds that who answered is ahead of this machine's clock, by the answer's `Date`. `undefined` where it says nothing: an answer that
 * took long says little, and one that a cache has kept has the time at which it was made.
 * @param began when it was asked, by this machine @param ended when its head had come
 */
export function clockOffset(
  { date = "", age }: { readonly date?: string | undefined; readonly age?: string | undefined },
  began: number,
  ended: number,
): number | undefined {
  const said = Date.parse(date);
  if (Number.isNaN(said) || age !== undefined || ended - began > MAX_COMPARED_MS) return undefined;
  // The second that had begun: on average half of it was over.
  return said + 500 - (began + ended) / 2;
}
