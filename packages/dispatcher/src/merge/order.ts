/**
 * The API server's order for a merged list. Elements the patch names stand in the patch's order, the others in the
 * original's; where the two meet, an original element goes first only if it stood before the patched one already.
 * So what a patch adds comes before what it does not mention.
 * @param named identities of the elements the patch names, in its order
 */
export function arrange(
  merged: readonly unknown[],
  named: readonly unknown[],
  original: unknown,
  identity: (element: unknown) => unknown,
): unknown[] {
  const wanted = ranks(named);
  const before = ranks(Array.isArray(original) ? original.map(identity) : []);
  const rank = (order: Map<unknown, number>, element: unknown): number => order.get(identity(element)) ?? Infinity;

  const patched = merged.filter((element) => wanted.has(identity(element)));
  patched.sort((a, b) => rank(wanted, a) - rank(wanted, b));
  const result: unknown[] = [];
  for (const other of merged.filter((element) => !wanted.has(identity(element)))) {
    while (
      patched.length > 0 &&
      !(rank(before, other) < rank(before, patched[0]) && before.has(identity(patched[0])))
    ) {
      result.push(patched.shift());
    }
    result.push(other);
  }
  return [...result, ...patched];
}

/** Whether `part` has its elements in the order they have in `whole`. */
export function isSubsequence(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let found = 0;
  for (const element of whole) if (found < part.length && element === part[found]) found += 1;
  return found === part.length;
}

function ranks(identities: readonly unknown[]): Map<unknown, number> {
  const result = new Map<unknown, number>();
  for (const [index, identity] of identities.entries()) if (!result.has(identity)) result.set(identity, index);
  return result;
}
