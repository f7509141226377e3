import type { Clock } from "../tools/clock.ts";
import { readBytes } from "../tools/read-bytes.ts";
import { parseRetryAfter } from "../tools/backoff.ts";
import type { UnknownTypeFacts } from "../contract/resolver-errors.ts";
import { RegistryServiceError, type RegistryServiceErrorCode, type ServiceProblem } from "./errors.ts";
import { PROBLEM_BYTES, PROBLEM_TYPES } from "../contract/executor-document.ts";
import { ERRORS, ExecutorRegistryError } from "../tools/errors.ts";
import { NotADocument } from "../contract/json.ts";
import { parseProblem } from "../contract/parse-document.ts";
import type { RegistrySettings } from "./settings.ts";

const CODES: Readonly<Record<number, RegistryServiceErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  408: "timeout",
  429: "throttled",
  504: "timeout",
};

const ADVICE: Readonly<Record<number, string>> = {
  401: "; set EXECUTOR_REGISTRY_TOKEN_FILE, or the option registry.tokenFile, to a file with a token that it accepts",
  403: "; the token's role must allow it",
};

/** A request as the service's client makes it. */
export interface ServiceRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** A redirect would carry the token, and the choice of images, to a host that is not configured. */
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** What the client reads of an answer. */
export interface ServiceResponse {
  readonly status: number;
  /** `opaqueredirect` of some kinds of `fetch`, where others have a status. */
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Makes requests of the service: the global `fetch`, or another way. */
export type ServiceFetch = (url: URL, request: ServiceRequest) => Promise<ServiceResponse>;

/** Who asks, and how. */
export type Asking = Pick<RegistrySettings, "fetch" | "token" | "userAgent">;

/** What is asked of the service. */
export interface Question<T> {
  /** @default "GET" */
  readonly method?: ServiceRequest["method"];
  /** Below the base URL, with the query. */
  readonly path: string;
  /** The version that is known already. */
  readonly etag?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Besides those of every question. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of an answer. */
  readonly limit: number;
  /** Milliseconds until the whole answer is there. */
  readonly timeout: number;
  /** @throws NotADocument */
  parse(json: unknown): T;
}

/** What the service says. Only these are believed; everything else counts as no answer. */
export type ServiceAnswer<T> = (
  | { readonly is: "value"; readonly value: T; readonly etag?: string; readonly shared: boolean }
  | { readonly is: "unchanged" }
  | ({ readonly is: "unknown-type"; readonly incomplete: readonly string[] } & Omit<UnknownTypeFacts, "incomplete">)
) & {
  /** How far in the journal it is, where several services share one. */
  readonly journal?: string;
  /** Who answers has lost the store that it shares: others may know more. */
  readonly aged?: true;
  /** Another has said more than this one knows: it is of before. */
  readonly behind?: true;
};

/** Makes one request. @throws RegistryServiceError, and the errors of ours that `fetch` throws */
export async function ask<T>(
  base: URL,
  question: Question<T>,
  { clock, ...asking }: Asking & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<ServiceAnswer<T>> {
  const { etag, method = "GET" } = question;
  const body = question.body === undefined ? {} : { body: JSON.stringify(question.body) };
  const headers = {
    ...question.headers,
    accept: "application/json, application/problem+json",
    ...(etag && { "if-none-match": etag }),
    ...(body.body !== undefined && { "content-type": "application/json" }),
  };
  const response = await request(new URL(question.path, base), { method, headers, ...body, signal }, asking);
  const place = response.headers.get("x-executor-journal");
  const from = {
    ...(place !== null && { journal: place }),
    ...(response.headers.get("age") !== null && { aged: true as const }),
  };
  if (response.status === 304 && etag !== undefined) return { is: "unchanged", ...from };
  // With 202 the service says that it begins what it was asked to do.
  if (response.status === 200 || response.status === 202) {
    const given = response.headers.get("etag");
    return {
      is: "value",
      value: parsed(await readText(response, question.limit), question),
      ...(given !== null && { etag: given }),
      shared: response.headers.get("x-executor-subject") === "ignored",
      ...from,
    };
  }
  const problem = await readProblem(response);
  if (response.status === 404 && problem?.code === "unknown-type") {
    const { detail: message, nearMisses = [], knownTypes = [], incomplete = [] } = problem;
    return { is: "unknown-type", nearMisses, knownTypes, incomplete, ...(message !== "" && { message }), ...from };
  }
  throw serviceRefusal(response, problem, clock);
}

/**
 * A request whose answer is not read yet. A failure below HTTP is an error of ours too.
 * @throws RegistryServiceError, and the errors of ours that `fetch` throws
 */
export async function request(
  url: URL,
  { headers, ...rest }: Omit<ServiceRequest, "redirect">,
  { fetch, token, userAgent }: Asking,
): Promise<ServiceResponse> {
  const bearer = await token();
  const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  const sent = { ...headers, "user-agent": userAgent, ...authorization };
  try {
    return await fetch(url, { ...rest, headers: sent, redirect: "manual" });
  } catch (cause) {
    throw cause instanceof ExecutorRegistryError ? cause : networkFailure(cause);
  }
}

/** Why an answer cannot be used. */
export function serviceRefusal(
  response: ServiceResponse,
  problem: ServiceProblem | undefined,
  clock: Clock,
): RegistryServiceError {
  const { status, type, headers } = response;
  const redirected = type === "opaqueredirect" || (status >= 300 && status < 400 && status !== 304);
  const message = redirected
    ? "it redirects, which is refused; configure the URL it redirects to"
    : status === 404 && !isProblem(response)
      ? "it answers 404, and not as the registry service does; is this the service's base URL?"
      : `it answers ${status}${problem?.detail ? `: ${problem.detail.slice(0, 300)}` : ""}${ADVICE[status] ?? ""}`;
  const retryAfter = parseRetryAfter(headers.get("retry-after") ?? undefined, clock.now());
  const own = problem?.code;
  const code = isOfOneQuestion(own) ? own : (CODES[status] ?? "unreachable");
  return new RegistryServiceError(code, message, {
    status,
    // Who refuses is there, and so is who answers 404 in the service's own form, however long.
    alive: status === 401 || status === 403 || isOfOneQuestion(own) || (status === 404 && isProblem(response)),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(problem && isOwn(problem) && { problem }),
  });
}

function isOwn({ code, type }: ServiceProblem): boolean {
  return Object.hasOwn(ERRORS, code) || type === `${PROBLEM_TYPES}${code}`;
}

function isProblem({ headers }: ServiceResponse): boolean {
  return headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

function isOfOneQuestion(code: string | undefined): code is "not-ready" | "internal" {
  return code === "not-ready" || code === "internal";
}

async function readProblem(response: ServiceResponse): Promise<ServiceProblem | undefined> {
  try {
    return parseProblem(JSON.parse(await readText(response, PROBLEM_BYTES)));
  } catch {
    // The status alone says enough.
    return undefined;
  }
}

/** The body as text, unless it exceeds `limit` bytes after decompression. */
async function readText(response: ServiceResponse, limit: number): Promise<string> {
  const tooLarge = (): RegistryServiceError =>
    new RegistryServiceError("too-large", `its answer exceeds ${limit} bytes`, { alive: true });
  try {
    return (await readBytes(response.body ?? [], limit, tooLarge)).toString();
  } catch (cause) {
    throw cause instanceof RegistryServiceError ? cause : networkFailure(cause);
  }
}

function parsed<T>(text: string, { parse }: Question<T>): T {
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof NotADocument || cause instanceof SyntaxError)) throw cause;
    const alive = cause instanceof NotADocument;
    const what = alive ? cause.message : "the answer is not JSON";
    const message = `its answer cannot be read, so it may be another service or a later version: ${what}`;
    throw new RegistryServiceError("unreachable", message, { cause, alive });
  }
}

function networkFailure(cause: unknown): RegistryServiceError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  // Node tries all addresses of a name and says so in an error without a message of its own.
  const one = inner instanceof AggregateError ? inner.errors[0] : inner;
  return new RegistryServiceError("unreachable", one instanceof Error ? one.message : String(one), { cause });
}
