/** Most that the service gives at once. */
const PAGE = 1000;

/**
 * Reads page after page until there is no more, or `limit` are there.
 * @param read resolves to at most as many as it is asked for, after those it gave before; fewer where they are large
 */
export async function readPages<T>(
  limit: number,
  read: (size: number, before: readonly T[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  while (all.length < limit) {
    const size = Math.min(PAGE, limit - all.length);
    const page = await read(size, all);
    if (page.length === 0) break;
    for (const item of page) all.push(item);
  }
  return all;
}
