import { type Place, RegistryError, TooLargeError } from "../oci/wire/errors.ts";
import { MAX_PAGES } from "../oci/wire/limits.ts";

/** One page of a list, and the token that brings the next. */
export interface TokenPage<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/**
 * The pages of a list that names the next page by a token, in order.
 * @throws TooLargeError for more than 1,000 pages
 */
export async function* tokenPages<T>(
  page: (token: string | undefined) => Promise<TokenPage<T>>,
  place: Place,
): AsyncGenerator<readonly T[]> {
  const seen = new Set<string>();
  for (let token: string | undefined; ;) {
    const { items, next } = await page(token);
    yield items;
    if (next === undefined || next === "") return;
    if (seen.has(next)) throw new RegistryError("registry-protocol", "the pages of a list go round in circles", place);
    seen.add(next);
    if (seen.size >= MAX_PAGES) throw new TooLargeError(`a list has more than ${MAX_PAGES} pages`, MAX_PAGES, place);
    token = next;
  }
}

/** The bytes as they come, until they are too many. @throws TooLargeError */
export async function* boundedBytes(
  bytes: AsyncIterable<Uint8Array>,
  limit: number,
  place: Place,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > limit) throw new TooLargeError(`an answer exceeds the limit of ${limit} bytes`, limit, place);
    yield chunk;
  }
}
