import type { z } from "zod";
import type { Principal, Role } from "../auth/role.ts";
import type { Rendered } from "../catalogue/snapshot.ts";

/** What a handler is given: parsed, and by whom. */
interface Call<Params, Query> {
  readonly params: Params;
  readonly query: Query;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

/** What a handler answers. */
export type Answer =
  /** Rendered before: with an ETag. */
  | { readonly kind: "rendered"; readonly rendered: Rendered; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What an answer of a status means, and its shape. */
interface AnswerShape {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** @default "application/json" */
  readonly mediaType?: string;
}

/** One operation of the API, as data: the documentation is made from it. */
export interface Operation<Params = unknown, Query = unknown> {
  readonly method: "GET" | "POST";
  /** With parameters as `{type}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may; absent for what everybody may always, such as health. */
  readonly role?: Role;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** By status. Problems are added for every operation. */
  readonly answers: Readonly<Record<number, AnswerShape>>;
}

/** An operation that the server makes a route of: it checks the request, and sends the answer. */
export interface Route<Params = unknown, Query = unknown> extends Operation<Params, Query> {
  handle(call: Call<Params, Query>): Answer | Promise<Answer>;
  /** What of an answer of health is for those who may not see its details. */
  brief?(answer: Answer): Answer;
}

/** Keeps a route's own types while it is written, and forgets them in the list. */
export const route = <Params, Query>(definition: Route<Params, Query>): Route => definition;

export const json = (body: unknown, status = 200, headers?: Readonly<Record<string, string>>): Answer => ({
  kind: "json",
  status,
  body,
  ...(headers === undefined ? {} : { headers }),
});
