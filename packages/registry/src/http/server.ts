import { createServer, METHODS, type Server } from "node:http";
import fastifyFactory, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { Logger as PinoLogger } from "pino";
import type { Access } from "../auth/access.ts";
import type { Answer, Route } from "./route.ts";
import { callerGone } from "./caller-gone.ts";
import { docsPage } from "./docs-page.ts";
import type { EventStream } from "./events.ts";
import { type MinuteLimit, ThrottledError } from "./minute-limit.ts";
import { openApi } from "./openapi.ts";
import { allowedMethods, OTHER_OPERATIONS } from "./other-operations.ts";
import { oneAtATime } from "./pipelining.ts";
import { problemOf } from "./problem.ts";
import { isCurrent, renderedHeaders, type createReadPath } from "./read-path.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { createUnsent } from "./unsent.ts";
import { registerWebhooks, type WebhookOptions } from "./webhook-route.ts";

/** What the server is made of. */
export interface ServerOptions extends WebhookOptions {
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly events: EventStream;
  readonly readPath: ReturnType<typeof createReadPath>;
  /** For requests that come without an id. */
  readonly nextId: () => string;
  readonly version: string;
  readonly pino: PinoLogger;
  /** Of writes, by caller and address; those who may not write are not counted. */
  readonly writes: MinuteLimit;
  readonly refusals: MinuteLimit;
  /** Whose `X-Forwarded-For` is believed: so many proxies before the service, or those at these addresses. */
  readonly trustProxy: false | number | string[];
}

const LARGEST_BODY = 64 << 10;
/** Milliseconds for a request to arrive whole. */
const REQUEST_TIMEOUT = 10_000;
const MOST_CONNECTIONS = 10_000;
/** A caller that takes nothing of its answer for so long is cut off. Once the answer is sent, Node's limit for idle connections holds. */
const UNREAD_MS = 30_000;

/** The routes' own schemas check what comes in. Fastify's compilers would be a tenth of all that a start loads. */
const NO_COMPILERS = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions["schemaController"]>;

/** Makes the HTTP server; it does not listen yet. */
export async function createHttpServer(options: ServerOptions): Promise<FastifyInstance> {
  const { routes, access, events, readPath, nextId, version, pino, writes, trustProxy: hops } = options;
  // What Fastify itself has to say; requests are logged here.
  const ownLog: FastifyBaseLogger = pino.child({}, { level: "warn" });
  const fastify = fastifyFactory({
    loggerInstance: ownLog,
    serverFactory(handler): Server {
      const listener = oneAtATime((request, response) => {
        if (!readPath(request, response)) handler(request, response);
        else if (response.writableLength > 0) response.socket?.setTimeout(UNREAD_MS);
      });
      const server = createServer({ requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: 75_000 }, listener);
      server.maxConnections = MOST_CONNECTIONS;
      return server;
    },
    trustProxy: typeof hops === "number" ? (_address: string, hop: number) => hop < hops : hops,
    bodyLimit: LARGEST_BODY,
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
  fastify.addHook("onRequest", (request, reply, done) => {
    reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
    done();
  });
  const unsent = createUnsent();
  fastify.addHook("onSend", (_request, reply, payload, done) => {
    reply.raw.socket?.setTimeout(UNREAD_MS);
    if (typeof payload === "string" || payload instanceof Buffer) unsent(reply.raw, payload);
    done();
  });
  fastify.addHook("onResponse", (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? "none";
    options.metrics.answered(route, method, reply.statusCode, reply.elapsedTime / 1000);
    const fields = {
      requestId: request.id,
      method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    // A registry reports each pull, our own among them.
    const act = method === "POST" && !route.startsWith("/webhooks/");
    if (act || reply.statusCode >= 500) pino.info(fields, "answered");
    else pino.debug(fields, "answered");
    done();
  });
  fastify.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, pino));
  const operations = [...routes, ...OTHER_OPERATIONS];
  // Methods that Fastify does not know are answered as others that a path has not.
  for (const method of METHODS) if (!fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method);
  const noRoute = (request: FastifyRequest, reply: FastifyReply): Error => {
    // A path may hold a sender's token: it is not repeated.
    const allowed = allowedMethods(operations, request.url);
    if (allowed.length === 0) {
      return new ExecutorRegistryError("not-found", `there is no such path for ${request.method}; see /docs`);
    }
    void reply.header("allow", allowed.join(", "));
    const detail = `this path is for ${allowed.join(", ")}, not for ${request.method}; see /docs`;
    return Object.assign(new Error(detail), { statusCode: 405 });
  };
  fastify.setNotFoundHandler((request, reply) => {
    throw noRoute(request, reply);
  });
  // Before anything is asked of the request's body.
  fastify.addHook("onRequest", (request, reply, done) => {
    if (request.is404) done(noRoute(request as FastifyRequest, reply as FastifyReply));
    else done();
  });
  // No operation of ours reads a body.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, parsedBody) => parsedBody(null));

  for (const route of routes) {
    fastify.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      handler: async (request, reply) => {
        const signal = callerGone(reply.raw);
        const { principal, params, query } = await parsed(route, request, access, signal);
        if (route.method === "POST") {
          const caller = `${principal.name} ${request.ip}`;
          const wait = writes.wait(caller);
          if (wait > 0) throw new ThrottledError("requests", wait);
          writes.count(caller);
        }
        const answer = await route.handle({ params, query, principal, signal });
        if (route.brief === undefined || (await maySeeHealth(request, access, signal))) {
          return send(answer, request, reply, access);
        }
        return send(route.brief(answer), request, reply, access);
      },
    });
  }
  // Made when it is first asked for, and once.
  let document: string | undefined;
  let page: string | undefined;
  fastify.get("/openapi.json", (_request, reply) => {
    document ??= JSON.stringify(openApi(operations, version));
    return reply.type("application/json; charset=utf-8").send(document);
  });
  fastify.get("/docs", (_request, reply) => {
    page ??= docsPage(operations, version);
    return reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      .send(page);
  });
  fastify.get("/metrics", async (request, reply) => {
    await access.check(request.headers.authorization, "reader", callerGone(reply.raw), access.openMetrics);
    return reply.type(options.metrics.contentType).send(await options.metrics.print());
  });
  fastify.get("/events", async (request, reply) => {
    const { authorization, "last-event-id": lastId } = request.headers;
    await access.check(authorization, "reader", callerGone(reply.raw));
    const headers = {
      ...SECURITY_HEADERS,
      "x-request-id": request.id,
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    };
    if (request.method === "HEAD") return reply.headers(headers).send();
    if (!events.makeRoom(request.ip)) {
      throw new ExecutorRegistryError(
        "throttled",
        `${events.size} clients listen already, as many as there is room for, or too many of them from this address`,
      );
    }
    reply.hijack();
    reply.raw.writeHead(200, headers);
    const listener = {
      address: request.ip,
      authorization,
      lastEventId: typeof lastId === "string" ? lastId : undefined,
    };
    return events.open(reply.raw, listener);
  });
  registerWebhooks(fastify, options, options.refusals);
  return fastify;
}

async function maySeeHealth({ headers }: FastifyRequest, access: Access, signal: AbortSignal): Promise<boolean> {
  try {
    await access.check(headers.authorization, "reader", signal, access.openHealth);
    return true;
  } catch (error) {
    if (error instanceof ExecutorRegistryError) return false;
    throw error;
  }
}

async function parsed(route: Route, request: FastifyRequest, access: Access, signal: AbortSignal) {
  const principal =
    route.role === undefined
      ? { name: "anyone", role: "reader" as const }
      : await access.check(request.headers.authorization, route.role, signal);
  const part = (schema: Route["params"], value: unknown, where: string): unknown => {
    if (schema === undefined) return value;
    for (const [name, text] of Object.entries(value as object)) {
      if (text === "") throw new ExecutorRegistryError("invalid-request", `${where} ${name}: it is empty`);
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const problems = result.error.issues.map(({ path, message }) => `${where} ${path.join(".")}: ${message}`);
    throw new ExecutorRegistryError("invalid-request", problems.join("; "));
  };
  return {
    principal,
    params: part(route.params, request.params, "path parameter"),
    query: part(route.query, request.query, "query parameter"),
  };
}

function send(answer: Answer, request: FastifyRequest, reply: FastifyReply, access: Access): FastifyReply {
  void reply.headers(answer.headers ?? {});
  if (answer.kind === "json") {
    return reply.code(answer.status).header("cache-control", "no-store").send(answer.body);
  }
  void reply.headers(renderedHeaders(answer.rendered, access.openReads));
  if (isCurrent(request.headers["if-none-match"], answer.rendered.etag)) return reply.code(304).send();
  return reply.send(answer.rendered.body);
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, pino: PinoLogger): FastifyReply {
  const problem = problemOf(error, request.id);
  // Before the first scan has ended that is an answer like others: a dispatcher that waits would fill the log with it.
  if (problem.status >= 500 && problem.code !== "not-ready") {
    pino.error({ err: error, requestId: request.id }, "a request failed");
  }
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  if (problem.status === 503) void reply.header("retry-after", "5");
  if (error instanceof ThrottledError) void reply.header("retry-after", String(error.seconds));
  return reply.code(problem.status).type("application/problem+json").header("cache-control", "no-store").send(problem);
}
