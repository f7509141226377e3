import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger as PinoLogger } from "pino";
import type { Access } from "../auth/access.ts";
import { ThrottledError } from "./minute-limit.ts";
import type { Answer, Operation } from "./operation.ts";
import { problemDocument } from "./problem.ts";
import type { Span } from "../tracing/tracer.ts";
import { isCurrent, renderedHeaders, SECURITY_HEADERS } from "./read-path.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Proxies that follow nginx would keep events back until their buffer is full.
  "x-accel-buffering": "no",
};

/** Sends what a handler answered, each kind in its way. */
export function send(
  answer: Answer,
  { headers: ownHeaders = {}, mediaType = "application/json" }: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  access: Access,
): FastifyReply {
  void reply.headers(ownHeaders);
  switch (answer.kind) {
    case "json":
      void reply.headers(answer.headers ?? {}).header("cache-control", "no-store");
      return reply.code(answer.status).type(JSON_TYPE).send(JSON.stringify(answer.body));
    case "bytes": {
      const { body, etag, headers = {} } = answer;
      if (etag === undefined) return reply.type(`${mediaType}; charset=utf-8`).headers(headers).send(body);
      void reply.headers(renderedHeaders(etag, access.openReads)).headers(headers);
      if (isCurrent(request.headers["if-none-match"], etag)) return reply.code(304).send();
      return reply.send(body);
    }
    case "lines": {
      const { mediaType: type, name, lines } = answer;
      void reply
        .type(type)
        .header("cache-control", "no-store")
        .header("content-disposition", `attachment; filename=${name}`);
      return reply.send(request.method === "HEAD" ? "" : Readable.from(lines));
    }
    case "page":
      return reply.type("text/html; charset=utf-8").send(answer.html);
    case "stream":
      reply.hijack();
      reply.raw.writeHead(200, { ...SECURITY_HEADERS, ...ownHeaders, "x-request-id": request.id, ...STREAM_HEADERS });
      answer.open(reply.raw);
      return reply;
  }
}

/** Answers HEAD for a stream, which is not opened for it. */
export const sendStreamHead = (reply: FastifyReply): FastifyReply => reply.headers(STREAM_HEADERS).send();

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  pino: PinoLogger,
  span?: Span,
): FastifyReply {
  const problem = problemDocument(error, request.id);
  // Before the first scan has ended, `not-ready` is an answer like others: a dispatcher that waits would fill the log with it.
  if (problem.status >= 500 && problem.code !== "not-ready") {
    const { code } = problem;
    pino.error({ code, err: error, requestId: request.id, ...span?.ids }, "a request failed");
  }
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  if (problem.status === 503) void reply.header("retry-after", "5");
  if (error instanceof ThrottledError) void reply.header("retry-after", String(error.seconds));
  return reply.code(problem.status).type("application/problem+json").header("cache-control", "no-store").send(problem);
}
