import { createServer, METHODS, type Server } from "node:http";
import fastifyFactory, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import type { Logger as PinoLogger } from "pino";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import type { Api } from "./api.ts";
import type { RefuseName } from "./asked-names.ts";
import { type Freshness, JOURNAL_HEADER } from "./freshness.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { limited, type RateLimits } from "./minute-limit.ts";
import type { Answer, Call, Operation } from "./operation.ts";
import { oneAtATime } from "./pipelining.ts";
import type { createReadPath } from "./read-path.ts";
import { callerGone, identify, parseCall } from "./request.ts";
import { SECURITY_HEADERS } from "./read-path.ts";
import { send, sendProblem, sendStreamHead } from "./send.ts";
import type { Span, Tracer } from "../tracing/tracer.ts";
import { problemDocument } from "./problem.ts";
import { createUnsent } from "./unsent.ts";

/** What the server is made of. */
export interface ServerOptions {
  readonly operations: readonly Operation[];
  /** What their handlers work with. */
  readonly api: Api;
  readonly readPath: ReturnType<typeof createReadPath>;
  /** Makes an id for a request that comes without one. */
  readonly nextId: () => string;
  readonly freshness?: Freshness | undefined;
  readonly pino: PinoLogger;
  readonly tracer: Tracer;
  readonly limits: RateLimits;
  readonly clock: Clock;
  /** Whether the service is ending. Then each answer closes its connection, so that the next request is sent on another one. */
  readonly draining: () => boolean;
  /** Whose `X-Forwarded-For` is believed: so many proxies before the service, or those at these addresses. */
  readonly trustProxy: false | number | string[];
  /** Absent: any name is right. */
  readonly refuseName?: RefuseName | undefined;
}

/** A digest by SHA-512 has 135. */
const MAX_PARAMETER_LENGTH = 200;
const MAX_BODY_BYTES = 64 << 10;
/** For a request to arrive whole. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 10_000;
/** A caller that takes nothing of its answer for so long is cut off. Once the answer is sent, Node's limit for idle connections holds. */
const UNREAD_MS = 30_000;

/** Methods that change something: each such request is logged. */
const ACTS: ReadonlySet<string> = new Set<Operation["method"]>(["POST", "PUT", "DELETE"]);

/** The operations' own schemas check what comes in. Fastify's compilers would be a tenth of all that a start loads. */
const NO_COMPILERS = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions["schemaController"]>;

/** Makes the HTTP server; it does not listen yet. */
export async function createHttpServer(options: ServerOptions): Promise<FastifyInstance> {
  const { operations, api, readPath, nextId, pino, tracer, clock, draining, trustProxy: hops, refuseName } = options;
  // What Fastify itself has to say; requests are logged here.
  const ownLog: FastifyBaseLogger = pino.child({}, { level: "warn" });
  const fastify = fastifyFactory({
    loggerInstance: ownLog,
    serverFactory(handler): Server {
      const listener = oneAtATime((request, response) => {
        // A request that is sent on a kept connection while the service closes it is lost.
        if (draining()) response.shouldKeepAlive = false;
        if (refuseName?.(request.headers.host) || !readPath(request, response)) handler(request, response);
        else if (response.writableLength > 0) response.socket?.setTimeout(UNREAD_MS);
      });
      const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 75_000 }, listener);
      server.maxConnections = MAX_CONNECTIONS;
      return server;
    },
    trustProxy: typeof hops === "number" ? (_address: string, hop: number) => hop < hops : hops,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: nextId,
    requestIdHeader: "x-request-id",
    return503OnClosing: false,
    schemaController: NO_COMPILERS,
    frameworkErrors(_error, request, reply) {
      // Its message repeats the path, which may hold a sender's token.
      const problem = new ExecutorRegistryError("invalid-request", "the request's path or headers are malformed");
      sendProblem(problem, request, reply, pino);
    },
    forceCloseConnections: true,
  });
  const { freshness } = options;
  fastify.addHook("onRequest", (request, reply, done) => {
    reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
    // As it is before the answer is made: an answer never says that it is newer than it is.
    const journal = freshness?.journal;
    if (journal !== undefined) void reply.header(JOURNAL_HEADER, journal);
    done(refuseName?.(request.headers.host));
  });
  if (freshness !== undefined) {
    fastify.addHook("onSend", (request, reply, _payload, done) => {
      const { age } = freshness;
      // RFC 9111: how long ago it was known to be what the store, where it comes from, has.
      if (age > 0 && request.method !== "POST") void reply.header("age", String(age));
      done();
    });
  }
  const spans = new WeakMap<object, Span>();
  const unsent = createUnsent();
  fastify.addHook("onSend", (_request, reply, payload, done) => {
    reply.raw.socket?.setTimeout(UNREAD_MS);
    if (typeof payload === "string" || payload instanceof Buffer) unsent(reply.raw, payload);
    done();
  });
  fastify.addHook("onResponse", (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? "none";
    api.metrics.answered(route, method, reply.statusCode, reply.elapsedTime / 1000);
    const fields = {
      requestId: request.id,
      method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...spans.get(request)?.ids,
    };
    // A registry reports each pull, our own among them.
    const act = ACTS.has(method) && !route.startsWith("/webhooks/");
    if (act || reply.statusCode >= 500) pino.info(fields, "answered");
    else pino.debug(fields, "answered");
    done();
  });
  fastify.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, pino, spans.get(request)));
  // Methods that Fastify does not know are answered as others that a path has not.
  for (const method of METHODS) if (!fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method);
  const keys = new IdempotencyKeys(clock);
  const handleOnce = async (row: Operation, call: Call, reply: FastifyReply): Promise<Answer> => {
    const { name } = call.conditions;
    if (name === undefined) return row.handle(call, api);
    const { outcome, replayed } = await keys.once(name, () => row.handle(call, api));
    if (replayed) void reply.header("idempotency-replayed", "true");
    if ("error" in outcome) throw outcome.error;
    return outcome.answer;
  };
  const serve = async (
    row: Operation,
    request: FastifyRequest,
    reply: FastifyReply,
    span?: Span,
  ): Promise<FastifyReply> => {
    const signal = callerGone(reply.raw);
    const { access } = api.inForce();
    const { principal, allowed } = await identify(row, request, access, signal);
    if (row.kind === "stream" && request.method === "HEAD") return sendStreamHead(reply);
    const { ip: address, headers } = request;
    const call: Call = {
      ...parseCall(row, request, principal),
      principal,
      address,
      headers,
      requestId: request.id,
      ...(span && { span }),
      signal,
    };
    const answer = await limited(row.rate, options.limits, call, () => handleOnce(row, call, reply));
    return send(allowed ? answer : (row.withoutRole?.(answer) ?? answer), row, request, reply, access);
  };
  const serveTraced = async (row: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { method, path } = row;
    const attributes = { "http.request.method": method, "http.route": path, requestId: request.id };
    const { traceparent } = request.headers;
    const start = { kind: "server", attributes, traceparent: [traceparent].flat()[0] } as const;
    const span = tracer.begin(`${method} ${path}`, start);
    spans.set(request, span);
    try {
      const sent = await serve(row, request, reply, span);
      span.set({ "http.response.status_code": reply.statusCode });
      span.end();
      return sent;
    } catch (error) {
      const { status, code } = problemDocument(error, request.id);
      span.set({ "http.response.status_code": status, "error.type": code });
      // What a caller did wrong is no error of the service.
      span.end(status >= 500 ? error : undefined);
      throw error;
    }
  };
  const mayCall = async (row: Operation, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await identify(row, request, api.inForce().access, callerGone(reply.raw));
  };
  const noRoute = (request: FastifyRequest, reply: FastifyReply): Error => {
    // A path may hold a sender's token: it is not repeated.
    const allowed = allowedMethods(operations, request.url);
    if (allowed.length === 0) {
      return new ExecutorRegistryError("not-found", `there is no such path for ${request.method}; see /docs`);
    }
    void reply.header("allow", allowed.join(", "));
    const detail = `this path is for ${allowed.join(", ")}, not for ${request.method}; see /docs`;
    return new ExecutorRegistryError(SERVICE_ERRORS["method-not-allowed"], detail);
  };
  fastify.setNotFoundHandler((request, reply) => {
    throw noRoute(request, reply);
  });
  // Before anything is asked of the request's body.
  fastify.addHook("onRequest", (request, reply, done) => {
    if (request.is404) done(noRoute(request as FastifyRequest, reply as FastifyReply));
    else done();
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body));
  for (const row of operations) {
    const { maxBytes = MAX_BODY_BYTES } = row.body ?? {};
    fastify.route({
      method: row.method,
      url: row.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      bodyLimit: maxBytes,
      // Nothing of a body is read for who may not send it.
      ...(row.role !== undefined && row.body && { onRequest: (request, reply) => mayCall(row, request, reply) }),
      handler: (request, reply) => (row.traced ? serveTraced : serve)(row, request, reply),
    });
  }
  return fastify;
}

/** The methods of a path; none where there is no such path. */
function allowedMethods(operations: readonly Operation[], url: string): readonly string[] {
  const parts = url.replace(/[?#].*$/s, "").split("/");
  const methods = new Set<string>();
  for (const { path, method } of operations) {
    const pattern = path.split("/");
    if (pattern.length !== parts.length) continue;
    if (pattern.every((part, at) => part.startsWith("{") || part === parts[at])) methods.add(method);
  }
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}
