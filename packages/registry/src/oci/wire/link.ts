import { type Place, RegistryError } from "./errors.ts";

const MAX_LENGTH = 16 << 10;

/**
 * The URL of the next page, from a `Link` header with `rel="next"`.
 * @param from the URL that was asked: relative links count from it, and its path stays, since registries behind a
 *   prefix leave that out of their links
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 * @throws RegistryError code `registry-protocol` for a link to another scheme or host
 */
export function nextPage(header: string | undefined, from: URL, place: Place): URL | undefined {
  const target = header === undefined ? undefined : nextTarget(header.slice(0, MAX_LENGTH));
  if (target === undefined) return undefined;
  const next = URL.parse(target, from.href);
  if (!next || next.origin !== from.origin) {
    const where = next?.origin ?? "no URL";
    const why = `its list goes on at ${where.slice(0, 200)}, which is not followed. A proxy before it may have to rewrite Link headers`;
    throw new RegistryError("registry-protocol", why, place, { retryable: false });
  }
  const page = new URL(from);
  page.search = next.search;
  return page;
}

function nextTarget(header: string): string | undefined {
  for (let at = header.indexOf("<"); at >= 0;) {
    const end = header.indexOf(">", at);
    if (end < 0) return undefined;
    const following = header.indexOf("<", end);
    const parameters = header.slice(end + 1, following < 0 ? header.length : following);
    if (/;[ \t]*rel[ \t]*=[ \t]*(?:"(?:[^"]* )?next(?: [^"]*)?"|next(?![^ \t;,]))/i.test(parameters)) {
      return header.slice(at + 1, end);
    }
    at = following;
  }
  return undefined;
}
