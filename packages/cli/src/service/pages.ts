/** Most that the service gives at once. */
const PAGE = 1000;

/** Some of what there is, and whether there is more behind it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/**
 * Reads page after page until there is no more, or `limit` are there.
 * @param read resolves to at most as many as it is asked for, after those it gave before; fewer where they are large
 */
export async function readPages<T>(
  limit: number,
  read: (size: number, before: readonly T[]) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = [];
  while (all.length < limit) {
    const size = Math.min(PAGE, limit - all.length);
    const { items, more } = await read(size, all);
    for (const item of items) all.push(item);
    if (!more || items.length === 0) break;
  }
  return all;
}
