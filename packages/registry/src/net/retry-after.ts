import { parseRetryAfter } from "@executor-registry/resolver/internal";

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
  return inBody === undefined ? undefined : goDuration(inBody);
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};

/** Milliseconds. @see https://pkg.go.dev/time#ParseDuration */
function goDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(h|ms|m|us|µs|μs|ns|s)/y;
  let total = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return undefined;
    total += Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0);
  }
  return total;
}
