import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Dispatcher } from "@executor-registry/dispatcher";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { Resolver } from "@executor-registry/resolver";
import { sendEvent } from "./events.ts";
import { parseJobRequest, RequestError } from "./job-request.ts";

/** What the HTTP side needs of the rest. */
export interface Application {
  readonly resolver: Pick<Resolver, "list" | "sources">;
  readonly dispatcher: Pick<Dispatcher, "run">;
}

type Handler = (
  application: Application,
  response: ServerResponse,
  request: IncomingMessage,
  part: string,
) => Promise<void> | void;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: Handler;
}

const ROUTES: readonly Route[] = [
  { method: "POST", path: /^\/jobs\/([^/]+)$/, handle: runJob },
  { method: "GET", path: /^\/executors$/, handle: listExecutors },
  { method: "GET", path: /^\/ready$/, handle: answerReady },
  { method: "GET", path: /^\/live$/, handle: (_application, response) => send(response, 200, {}) },
];

/**
 * - `POST /jobs/{type}`: runs an executor; the body is JSON with `id`, `args` and `env`, all optional. Answers a line of
 *   JSON for each event. A caller that leaves does not end the Job, and may follow it again with the same `id`.
 * - `GET /executors`: what can be run
 * - `GET /ready`, `GET /live`: for probes
 *
 * Errors are problems as of RFC 9457.
 */
export function createHttpServer(application: Application): Server {
  return createServer((request, response) => {
    route(application, request, response).catch((error: unknown) => fail(response, error));
  });
}

async function route(application: Application, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const here = ROUTES.filter(({ path }) => path.test(pathname));
  if (here.length === 0) throw new RequestError(404, `Nothing is at ${pathname}`);
  const chosen = here.find(({ method }) => method === request.method);
  if (!chosen) throw new RequestError(405, `${pathname} does not take ${request.method}`);
  await chosen.handle(application, response, request, chosen.path.exec(pathname)?.[1] ?? "");
}

async function runJob(
  { dispatcher }: Application,
  response: ServerResponse,
  request: IncomingMessage,
  type: string,
): Promise<void> {
  const { resolution, result } = await dispatcher.run(type, parseJobRequest(await bodyOf(request)), {
    onStatus: (status) => void sendEvent(response, { status }),
    onLog: (log) => sendEvent(response, { log }),
  });
  await sendEvent(response, { image: resolution.image, result });
  response.end();
}

async function listExecutors({ resolver }: Application, response: ServerResponse): Promise<void> {
  const resolutions = await resolver.list();
  const body = resolutions.map(({ type, image, version, source, reason, ambiguous }) => {
    return { type, image, version, source, reason, ambiguous };
  });
  send(response, 200, body);
}

/** Ready while some source can answer, were it from before it lost contact. */
async function answerReady({ resolver }: Application, response: ServerResponse): Promise<void> {
  const sources = await resolver.sources();
  const ready = sources.some(({ status: { state } }) => state === "ready" || state === "stale");
  send(response, ready ? 200 : 503, { ready });
}

const BODY_LIMIT = 64 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new RequestError(413, `The body has more than ${BODY_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  response.writeHead(status, { "content-type": type }).end(`${JSON.stringify(body)}\n`);
}

/** As a problem of its own, or as the last event of an answer that has begun. */
function fail(response: ServerResponse, error: unknown): void {
  const problem = problemOf(error);
  if (!response.headersSent) return send(response, problem.status, problem, "application/problem+json");
  response.end(`${JSON.stringify({ problem })}\n`);
}

function problemOf(error: unknown): { readonly status: number; readonly title?: string; readonly detail?: string } {
  if (error instanceof RequestError) return { status: error.status, detail: error.message };
  if (error instanceof ExecutorRegistryError) return { ...pick(error.row), detail: error.message };
  console.error(error);
  return { status: 500, title: "Internal error" };
}

const pick = ({ title, status }: { readonly title: string; readonly status: number }) => ({ title, status });
