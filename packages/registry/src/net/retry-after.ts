import { parseDuration, parseRetryAfter } from "@executor-registry/resolver/internal";

/** What a server said that asks to be left alone for a while. */
interface RefusedAnswer {
  readonly headers: { readonly "retry-after"?: string | undefined };
  readonly body: Buffer;
}

/**
 * Milliseconds an answer asks to wait: its `Retry-After` header, or GHCR's Go duration within the message.
 * @param now milliseconds since the Unix epoch
 */
export function retryAfter({ headers, body }: RefusedAnswer, now: number): number | undefined {
  const asked = parseRetryAfter(headers["retry-after"], now);
  if (asked !== undefined) return asked;
  // `toomanyrequests: retry-after: 1.16676ms, allowed: 44000/minute`
  const inBody = /retry-after: ?([0-9a-zµμ.]{1,40})/i.exec(body.toString("utf8", 0, 4096))?.[1];
  return inBody === undefined ? undefined : parseDuration(inBody);
}
