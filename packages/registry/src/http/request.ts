import type { ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { z } from "zod";
import type { Access } from "../auth/access.ts";
import type { Principal } from "../auth/role.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { ConditionHeaders, conditionsOf } from "./conditions.ts";
import type { Call, Operation } from "./operation.ts";

const ANYONE: Principal = { name: "anyone", role: "reader" };

/**
 * Aborts when the caller goes away before its answer was sent. Fastify's `request.signal` is something else: it also aborts once
 * a request's body was read.
 */
export function callerGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const closed = (): void => {
    if (!response.writableFinished) gone.abort(new Error("the caller went away"));
  };
  if (response.destroyed) closed();
  else response.once("close", closed);
  return gone.signal;
}

/** Who calls. @throws ExecutorRegistryError when they may not, unless the operation has an answer for everybody */
export async function identify(
  { role, openBy, withoutRole }: Operation,
  { headers: { authorization } }: FastifyRequest,
  access: Access,
  signal: AbortSignal,
): Promise<{ readonly principal: Principal; readonly allowed: boolean }> {
  if (role === undefined) return { principal: ANYONE, allowed: true };
  const open = openBy === undefined ? undefined : { health: access.openHealth, metrics: access.openMetrics }[openBy];
  try {
    return { principal: await access.check(authorization, role, signal, open), allowed: true };
  } catch (error) {
    if (withoutRole === undefined || !(error instanceof ExecutorRegistryError)) throw error;
    return { principal: ANYONE, allowed: false };
  }
}

/** The request's parts, by the operation's schemas. @throws ExecutorRegistryError code `invalid-request` */
export function parseCall(
  { params, query, body, conditional }: Operation,
  request: FastifyRequest,
  { name: caller }: Principal,
): Pick<Call, "params" | "query" | "body" | "conditions"> {
  return {
    params: params === undefined ? request.params : checked(params, request.params, "path parameter"),
    query: queryOf(query, request.query),
    body: parseBody(body, request),
    conditions: conditional ? conditionsOf(checked(ConditionHeaders, request.headers, "header"), caller, request) : {},
  };
}

function queryOf(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return value;
  for (const [name, text] of Object.entries(value as object)) {
    if (text === "") throw new ExecutorRegistryError("invalid-request", `query parameter ${name}: it is empty`);
  }
  return checked(schema, value, "query parameter");
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${where} ${path.join(".")}: ${message}`);
  throw new ExecutorRegistryError("invalid-request", problems.join("; "));
}

function parseBody(shape: Operation["body"], { body, headers }: FastifyRequest): unknown {
  if (shape === undefined) return undefined;
  const bytes = body instanceof Buffer ? body : Buffer.alloc(0);
  if (shape.media === "any") return checked(shape.schema, bytes, "body");
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(headers["content-type"] ?? "")) {
    throw new ExecutorRegistryError(
      SERVICE_ERRORS["unsupported-media-type"],
      "the body must be JSON: Content-Type: application/json",
    );
  }
  return checked(shape.schema, parseJson(bytes), "body");
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new ExecutorRegistryError("invalid-request", "the body is not JSON", { cause });
  }
}
