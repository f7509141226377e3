import { LIST_BYTES } from "../contract/executor-document.ts";
import type { PathParams, ServiceOperation } from "../contract/operations.ts";
import { UnknownTypeError } from "../contract/resolver-errors.ts";
import type { Clock } from "../tools/clock.ts";
import { type ErrorCode, ERRORS, ExecutorRegistryError } from "../tools/errors.ts";
import { RegistryServiceError } from "./errors.ts";
import { nodeFetch } from "./node-fetch.ts";
import type { Question } from "./request.ts";
import { createService, type Service } from "./service.ts";
import { tokenReader } from "./token.ts";

const TIMEOUT_MS = 10_000;

/** What an operation is asked, besides its path. */
interface OperationQuestion<Query extends string> {
  readonly query?: Partial<Readonly<Record<Query, string | number | undefined>>>;
  readonly signal: AbortSignal;
  /** Milliseconds for the whole answer of one address. @default 10_000 */
  readonly timeout?: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The entity tag of the state that was seen: what changed since is not changed. */
  readonly ifMatch?: string | undefined;
  /** Names the request, so that it is done once however often it is sent. */
  readonly idempotencyKey?: string;
}

/** An answer, and the entity tag of the state that it shows. */
interface Tagged<Answer> {
  readonly answer: Answer;
  readonly etag?: string;
}

/** Asks the service's operations, without remembering what it answered. */
export interface ServiceClient {
  /**
   * @throws UnknownTypeError
   * @throws RegistryServiceError when the service refuses, cannot be reached or is not what answers
   * @throws ExecutorRegistryError what else the service answers, with its code
   */
  ask<Path extends `/${string}`, Query extends string, Answer>(
    operation: ServiceOperation<Path, Query, Answer>,
    params: PathParams<Path>,
    question: OperationQuestion<Query>,
  ): Promise<Answer>;
  /** The same, with the answer's entity tag. */
  look<Path extends `/${string}`, Query extends string, Answer>(
    operation: ServiceOperation<Path, Query, Answer>,
    params: PathParams<Path>,
    question: OperationQuestion<Query>,
  ): Promise<Tagged<Answer>>;
}

interface ServiceAccess {
  /** Tried in order. */
  readonly urls: readonly URL[];
  readonly tokenFile?: string | undefined;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** The service at its URLs. `close` ends idle connections. */
export function connectService({
  urls,
  tokenFile,
  userAgent,
  clock,
}: ServiceAccess): ServiceClient & { close(): void } {
  const { fetch, close } = nodeFetch();
  const token = tokenReader(tokenFile === undefined ? {} : { tokenFile });
  const service = createService({ urls, fetch, token, userAgent }, { clock, random: Math.random });
  return { ...createServiceClient(service), close };
}

export function createServiceClient(service: Pick<Service, "ask">): ServiceClient {
  const look: ServiceClient["look"] = async (operation, params, question) => {
    const values = params as Readonly<Record<string, string>>;
    const search = searchOf(question.query);
    const said = await service
      .ask(asked(operation, params, search, question), question.signal)
      .catch((error: unknown) => {
        throw asTheServiceSays(error);
      });
    if (said.is === "value") return { answer: said.value, ...(said.etag !== undefined && { etag: said.etag }) };
    // Nothing is unchanged for who names no version.
    const known = said.is === "unknown-type" ? said : { knownTypes: [] };
    throw new UnknownTypeError(values["type"] ?? search.get("type") ?? "", known);
  };
  return { look, ask: async (...asking) => (await look(...asking)).answer };
}

function searchOf(query: Readonly<Record<string, string | number | undefined>> = {}): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search;
}

function asked<Path extends `/${string}`, Query extends string, Answer>(
  { method, path, parse }: ServiceOperation<Path, Query, Answer>,
  params: PathParams<Path>,
  search: URLSearchParams,
  { timeout = TIMEOUT_MS, body, ifMatch, idempotencyKey }: OperationQuestion<Query>,
): Question<Answer> {
  const values = params as Readonly<Record<string, string>>;
  const filled = path.slice(1).replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  return {
    method,
    path: search.size === 0 ? filled : `${filled}?${search.toString()}`,
    limit: LIST_BYTES,
    timeout,
    ...(body !== undefined && { body }),
    headers: {
      ...(ifMatch !== undefined && { "if-match": ifMatch }),
      ...(idempotencyKey !== undefined && { "idempotency-key": `"${idempotencyKey}"` }),
    },
    parse: (json) => parse(json, params),
  };
}

const REFUSALS = ["unauthorized", "forbidden", "throttled"] as const;

/** What the service refused or failed at, in its own words and with its own code, where it said so. */
function asTheServiceSays(error: unknown): unknown {
  const { problem, status = 500 } = error instanceof RegistryServiceError ? error : {};
  if (!problem) return error;
  const { code, title, detail } = problem;
  const refusal = REFUSALS.find((known) => known === code);
  if (refusal) return new RegistryServiceError(refusal, `the registry service refuses: ${detail}`, { status });
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
  return new ExecutorRegistryError(known ?? { code, title, status, exit: 1, retryable: false }, detail, {
    cause: error,
  });
}
