import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { z } from "zod";
import type { Principal, Role } from "../auth/role.ts";
import type { Span } from "../tracing/tracer.ts";
import type { Api } from "./api.ts";
import type { Conditions } from "./conditions.ts";

/** A request whose parts have been parsed. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** The caller's IP address, as far as the proxies before the service are trusted. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
  /** What the headers ask for, of an operation that takes them. */
  readonly conditions: Conditions;
  /** By which the request is found in the log; its answer has it too. */
  readonly requestId: string;
  /** Of the request, where it is traced. */
  readonly span?: Span;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
}

type Headers = Readonly<Record<string, string>>;

/** What a handler answers, by kind. */
interface Answers {
  /** A value that is serialised for this caller. */
  json: { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: Headers };
  /** Bytes as they are sent. With a strong ETag, a caller that has them already gets 304. */
  bytes: { readonly kind: "bytes"; readonly body: Buffer | string; readonly etag?: string; readonly headers?: Headers };
  /** An HTML document. */
  page: { readonly kind: "page"; readonly html: string };
  /** Text that is made as it is sent; a failure on the way breaks the answer off. */
  lines: {
    readonly kind: "lines";
    readonly mediaType: string;
    /** The file's, where it is saved. */
    readonly name: string;
    readonly lines: AsyncIterable<string>;
  };
  /** Takes over the response and writes to it as long as it lasts. */
  stream: { readonly kind: "stream"; open(response: ServerResponse): void };
}

export type AnswerKind = keyof Answers;
export type Answer<Kind extends AnswerKind = AnswerKind> = Answers[Kind];

/** What an answer of a status means, and its shape. */
interface AnswerShape {
  readonly description: string;
  readonly schema?: z.ZodType;
}

/** What a request's body may be. */
interface BodyShape<Body> {
  readonly description: string;
  /** `any`: the schema is given the bytes as they came. */
  readonly media: "json" | "any";
  readonly maxBytes: number;
  readonly schema: z.ZodType<Body>;
}

/**
 * What is limited per minute.
 * - `writes`: every request, by caller and address, once it is known that the caller may
 * - `refused-events`: requests that are refused, by address; others are not counted
 */
export type RateClass = "writes" | "refused-events";

/** One operation of the service, as data: routing, access, limits and documentation are made from it. */
export interface Operation<Params = unknown, Query = unknown, Body = unknown, Kind extends AnswerKind = AnswerKind> {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "OPTIONS";
  /** With parameters as `{type}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may; absent for everybody. */
  readonly role?: Role;
  /** The setting of `auth` that opens it to everybody. @default `reads` or `writes`, by the role */
  readonly openBy?: "health" | "metrics";
  /** What of the answer those may see who do not have the role; without it they are refused. */
  readonly withoutRole?: (answer: Answer<Kind>) => Answer<Kind>;
  readonly rate?: RateClass;
  /** It has the service look at registries: a trace begins with it, or goes on. */
  readonly traced?: true;
  /** Takes `If-Match` and `Idempotency-Key`. The handler compares the first; the second is done for it. */
  readonly conditional?: true;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** When absent, a body is read and ignored. */
  readonly body?: BodyShape<Body>;
  readonly kind: Kind;
  /** @default JSON, HTML or an event stream, by the kind */
  readonly mediaType?: string;
  /** Other types that the caller can ask for. */
  readonly otherMediaTypes?: readonly string[];
  /** By status. Problems are added for every operation. */
  readonly answers: Readonly<Record<number, AnswerShape>>;
  /** Besides those of every answer, or in place of them: such as another content security policy. */
  readonly headers?: Headers;
  handle(call: Call<Params, Query, Body>, api: Api): Answer<Kind> | Promise<Answer<Kind>>;
}

/** Checks a row of the table by its own types, which the table forgets. */
export const operation = <Params, Query, Body, Kind extends AnswerKind>(
  row: Operation<Params, Query, Body, Kind>,
): Operation => row as unknown as Operation;

/** @param body what the operation documents for the status */
export const json = (body: unknown, status = 200, headers?: Headers): Answer<"json"> => ({
  kind: "json",
  status,
  body,
  ...(headers === undefined ? {} : { headers }),
});
