import { type Place, RegistryError, TooLargeError } from "../wire/errors.ts";
import { LIST_LIMIT, MAX_PAGES, PAGE_LIMIT } from "../wire/limits.ts";
import { nextPage } from "../wire/link.ts";
import type { Resource } from "../auth/scopes.ts";
import type { Session } from "./session.ts";
import type { HttpAnswer } from "../wire/transport.ts";

/** A list that comes in pages. */
export interface PagedList {
  /** Path and query of the first page. */
  readonly path: string;
  readonly resource: Resource;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of the first page that are answers too. */
  readonly takes?: readonly number[];
  /** The query of the next page, where the last one came without a link to it. */
  readonly next?: () => string | undefined;
}

/**
 * The pages of a list, in order, following `Link`: a short page may have another behind it.
 * @throws TooLargeError for more than 1,000 pages, or more bytes than are held of one list
 */
export async function* pages(
  session: Session,
  list: PagedList,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<HttpAnswer> {
  const { resource, headers = {} } = list;
  const seen = new Set<string>();
  let bytes = 0;
  let links = false;
  for (let path = list.path; ;) {
    if (seen.size === MAX_PAGES) throw new TooLargeError(`its list has more than ${MAX_PAGES} pages`, MAX_PAGES, place);
    const takes = seen.size === 0 ? (list.takes ?? []) : [];
    const answer = await session.ask({ path, resource, headers, limit: PAGE_LIMIT, takes }, signal);
    seen.add(path);
    bytes += answer.body.length;
    if (bytes > LIST_LIMIT)
      throw new TooLargeError(`its list is longer than ${LIST_LIMIT} bytes in all`, LIST_LIMIT, place);
    yield answer;
    const linked = nextPage([answer.headers.link].flat().join(", "), answer.url, place);
    links ||= linked !== undefined;
    // A registry that links its pages leaves the link out at the end.
    const next = linked ? linked.search : links ? undefined : list.next?.();
    if (next === undefined) return;
    path = `${list.path.split("?")[0] ?? ""}${next}`;
    if (seen.has(path))
      throw new RegistryError("registry-protocol", "the pages of its list go round in circles", place);
  }
}
