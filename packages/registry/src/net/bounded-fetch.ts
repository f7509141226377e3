import { readBytes } from "@executor-registry/resolver/internal";

/** How much of a foreign answer is read, and how long. */
export interface FetchLimits {
  /** Bytes. */
  readonly bytes: number;
  /** Milliseconds, from the request to the body's end. */
  readonly time: number;
}

/**
 * GETs a small document. Follows no redirects.
 * @throws TypeError for any answer but a 2xx within the limits, or none
 */
export async function boundedFetch(
  fetch: typeof globalThis.fetch,
  url: URL,
  { bytes, time }: FetchLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(time)]);
  // Compressed, a small answer could become a large one.
  const headers = { "accept-encoding": "identity" };
  const response = await fetch(url, { redirect: "error", signal: limit, headers });
  if (!response.ok) {
    await response.body?.cancel();
    throw new TypeError(`${url.host} answered ${response.status}`);
  }
  return readBounded(response, bytes);
}

/** Reads a body to its end. @throws TypeError when it has more bytes */
export function readBounded({ body, url }: Response, bytes: number): Promise<Buffer> {
  const host = URL.parse(url)?.host ?? "a server";
  return readBytes(body ?? [], bytes, () => new TypeError(`${host} answered with more than ${bytes} bytes`));
}
