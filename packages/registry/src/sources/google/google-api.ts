import { systemClock } from "@executor-registry/resolver";
import { readBytes, withTimeLimit } from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { type Place, RegistryError, type RegistryErrorCode, TooLargeError } from "../../oci/wire/errors.ts";
import { parseJson } from "../../oci/wire/json.ts";
import { PAGE_LIMIT } from "../../oci/wire/limits.ts";
import { clockOffset } from "../../net/clock-offset.ts";
import { retryAfter } from "../../net/retry-after.ts";
import { withRetries, type RetryOptions } from "../with-retries.ts";
import type { GoogleToken } from "./google-token.ts";

/** How one of Google's REST APIs is called. */
export interface GoogleApiOptions {
  /** Its origin: `https://artifactregistry.googleapis.com`. */
  readonly endpoint: string;
  readonly token: GoogleToken;
  /** What to do when it is forbidden: which role to grant. */
  readonly advice: string;
  readonly fetch: typeof fetch;
  readonly retry: RetryOptions;
}

/** A REST API of Google's. Each call throws RegistryErrors that say what to do. */
export interface GoogleApi {
  /** Requests so far. */
  readonly requests: number;
  /** See ImageSource. */
  readonly clockOffset: number | undefined;
  /**
   * @param path from `/v1/`
   * @param place what it is about, for messages
   */
  get<T extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: T,
    place: Place,
    signal: AbortSignal,
  ): Promise<z.output<T>>;
}

/** Milliseconds for a whole answer. */
const TIMEOUT_MS = 60_000;
/** Bytes of an error that are of use. */
const ERROR_LIMIT = 64 << 10;

export function createGoogleApi({ endpoint, token, advice, fetch, retry }: GoogleApiOptions): GoogleApi {
  let requests = 0;
  let offset: number | undefined;

  async function attempt(url: URL, place: Place, signal: AbortSignal): Promise<Buffer> {
    const late = (): RegistryError =>
      new RegistryError("timeout", `no access token of Google's within ${TIMEOUT_MS / 1000} s`, place);
    const headers = {
      authorization: `Bearer ${await withTimeLimit({ clock: systemClock, ms: TIMEOUT_MS, signal, late }, token)}`,
      "accept-encoding": "identity",
    };
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    requests += 1;
    let response: Response;
    let body: Buffer;
    const began = retry.clock.now();
    try {
      response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.any([signal, limit]) });
      const [date, age] = ["date", "age"].map((name) => response.headers.get(name) ?? undefined);
      offset = clockOffset({ date, age }, began, retry.clock.now()) ?? offset;
      body = await read(response, response.ok ? PAGE_LIMIT : ERROR_LIMIT, place);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof RegistryError) throw cause;
      if (limit.aborted)
        throw new RegistryError("timeout", `no answer within ${TIMEOUT_MS / 1000} s`, place, { cause });
      throw new RegistryError("unreachable", `cannot be reached (${codeOf(cause)})`, place, { cause });
    }
    if (!response.ok) throw failure(response, body, place, advice, retry.clock.now());
    return body;
  }

  return {
    get requests() {
      return requests;
    },
    get clockOffset() {
      return offset;
    },
    async get(path, query, schema, place, signal) {
      const url = new URL(path, endpoint);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const body = await withRetries(() => attempt(url, place, signal), retry, signal);
      return parseJson(schema, body, `the answer to ${url.pathname}`, place);
    },
  };
}

function read({ body }: Response, limit: number, place: Place): Promise<Buffer> {
  return readBytes(
    body ?? [],
    limit,
    () => new TooLargeError(`an answer exceeds the limit of ${limit} bytes`, limit, place),
  );
}

function failure(response: Response, body: Buffer, place: Place, advice: string, now: number): RegistryError {
  const { status } = response;
  const wait = retryAfter({ headers: Object.fromEntries(response.headers), body }, now);
  const fail = (code: RegistryErrorCode, why: string, retryable?: boolean): RegistryError =>
    new RegistryError(code, why, place, {
      status,
      ...(wait !== undefined && { retryAfter: wait }),
      ...(retryable !== undefined && { retryable }),
    });
  if (status === 401) return fail("unauthorized", "the access token is refused. Renew the credentials");
  if (status === 403) return fail("forbidden", `reading is not allowed, or the API is not enabled. ${advice}`);
  if (status === 404) {
    // A 404 without Google's own error is a proxy's, or that of another server at this address.
    if (/"status": *"NOT_FOUND"/.test(body.toString())) {
      return fail("not-found", "it does not exist. Check the project and the location");
    }
    return fail("registry-protocol", "404 without an error of Google's. Is this Google's API?");
  }
  if (status === 429)
    return fail("throttled", "the project's quota of requests is used up. Look less often, or raise it");
  if (status === 408 || status >= 500) return fail("unreachable", `it fails with status ${status}`);
  return fail("registry-protocol", `it answers with status ${status}`, false);
}

/** fetch hides the socket's error in its own. */
function codeOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  const { code, name } = cause as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : typeof name === "string" ? name : "unknown reason";
}
