import type { Clock } from "@executor-registry/resolver";
import { parseRetryAfter, withTimeLimit } from "@executor-registry/resolver/internal";
import { readBounded } from "../net/bounded-fetch.ts";
import { DeliveryError } from "./delivery-error.ts";

/** What is sent. */
export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What posting needs. */
export interface PostContext {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** More of an answer is not read: only its status counts. */
const MAX_ANSWER_BYTES = 64 << 10;

/** Milliseconds for a request and its answer. */
const LIMIT_MS = 30_000;

/**
 * Posts to an address of the configuration. No redirect is followed: a receiver must not send us, and what we send, to another place.
 * @throws DeliveryError for any answer but a 2xx, or none. It names the host alone: the rest of a URL may be a secret
 */
export async function post(what: Post, { fetch, clock }: PostContext, signal: AbortSignal): Promise<void> {
  const { host } = what.url;
  const late = (): Error => new DeliveryError(`${host} gave no answer within ${LIMIT_MS / 1000} s`);
  const { status, headers } = await withTimeLimit({ clock, ms: LIMIT_MS, signal, late }, (limited) =>
    send(what, fetch, limited),
  );
  if (status >= 200 && status < 300) return;
  const retryAfter = parseRetryAfter(headers.get("retry-after") ?? undefined, clock.now());
  const why = status >= 300 && status < 400 ? "a redirect, which is not followed" : "it does not take what it is sent";
  throw new DeliveryError(`${host} answered ${status}: ${why}`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

async function send(
  { url, headers, body }: Post,
  fetch: PostContext["fetch"],
  signal: AbortSignal,
): Promise<Pick<Response, "status" | "headers">> {
  try {
    const identity = { ...headers, "accept-encoding": "identity" };
    const response = await fetch(url, { method: "POST", redirect: "manual", headers: identity, body, signal });
    // The connection can be used again once the answer was read.
    await readBounded(response, MAX_ANSWER_BYTES).catch(() => {});
    return response;
  } catch (error) {
    signal.throwIfAborted();
    throw new DeliveryError(`${url.host} cannot be reached (${codeOf(error)})`);
  }
}

/** The system's or the library's code: messages may repeat the URL. */
function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : "the connection failed";
}
