/** What a server said that asks to be left alone for a while. */
interface RefusedAnswer {
  readonly headers: { readonly "retry-after"?: string | undefined };
  readonly body: Buffer;
}

/**
 * Milliseconds an answer asks to wait: `Retry-After` in seconds or as a date, or GHCR's Go duration within the message.
 * @param now milliseconds since the Unix epoch
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfter({ headers, body }: RefusedAnswer, now: number): number | undefined {
  const header = headers["retry-after"]?.trim();
  if (header !== undefined && header !== "") {
    if (/^\d{1,9}(?:\.\d{1,9})?$/.test(header)) return Number(header) * 1000;
    const date = Date.parse(header);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
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
