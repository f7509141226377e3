import { type Place, RegistryError, TooLargeError } from "./errors.ts";
import { MOST_PAGES, PAGE_LIMIT } from "./limits.ts";
import { nextPage } from "./link.ts";
import type { Resource } from "./scopes.ts";
import type { Session } from "./session.ts";
import type { Answer } from "./transport.ts";

/** A list that comes in pages. */
export interface PagedList {
  /** Path and query of the first page. */
  readonly path: string;
  readonly resource: Resource;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of the first page that are answers too. */
  readonly takes?: readonly number[];
}

/**
 * The pages of a list, in order, following `Link` and nothing else: a short page may have another behind it.
 * @throws TooLargeError for more than 1,000 pages
 */
export async function* pages(
  session: Session,
  list: PagedList,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  const { resource, headers = {} } = list;
  const seen = new Set<string>();
  for (let path = list.path; ;) {
    if (seen.size === MOST_PAGES)
      throw new TooLargeError(`its list has more than ${MOST_PAGES} pages`, MOST_PAGES, place);
    const takes = seen.size === 0 ? (list.takes ?? []) : [];
    const answer = await session.ask({ path, resource, headers, limit: PAGE_LIMIT, takes }, signal);
    seen.add(path);
    yield answer;
    const next = nextPage([answer.headers.link].flat().join(", "), answer.url, place);
    if (!next) return;
    path = `${list.path.split("?")[0] ?? ""}${next.search}`;
    if (seen.has(path))
      throw new RegistryError("registry-protocol", "the pages of its list go round in circles", place);
  }
}
