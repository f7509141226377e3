import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { type Clock, systemClock } from "../clock.ts";
import { ExecutorRegistryError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { ClusterAccess, Credentials } from "./access.ts";
import type { ApiCall, ApiPath, ApiRequest, ApiStream, KubernetesApi } from "./api.ts";
import { beginCall, type Call } from "./call.ts";
import { KubernetesError, type Place } from "./errors.ts";
import { answerError, networkError } from "./failures.ts";
import { splitLines } from "./lines.ts";

const MIB = 1 << 20;
const TIMEOUT = 30_000;
const ERROR_LIMIT = 64 << 10;

interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A Kubernetes API server over Node's own HTTP client, with kept-alive connections. */
export function httpsApi(access: ClusterAccess, clock: Clock = systemClock): KubernetesApi {
  return new HttpsApi(access, clock);
}

class HttpsApi implements KubernetesApi {
  readonly server: string;
  readonly context: string;
  readonly namespace: string;
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #base: string;
  readonly #secure: boolean;
  readonly #agent: HttpAgent | HttpsAgent;
  #time: { readonly server: number; readonly local: number } | undefined;

  constructor(access: ClusterAccess, clock: Clock) {
    const { server } = access;
    // A server behind Rancher or another gateway has a path of its own below which the API begins.
    this.#base = server.pathname.replace(/\/+$/, "");
    this.server = `${server.origin}${this.#base}`;
    this.context = access.context;
    this.namespace = access.namespace;
    this.#access = access;
    this.#clock = clock;
    this.#secure = server.protocol === "https:";
    this.#agent = this.#secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  async request(path: ApiPath, options: ApiRequest = {}): Promise<unknown> {
    const { method = "GET", timeout = TIMEOUT, limit = 64 * MIB } = options;
    const place = this.#place(method, path);
    const call = beginCall(this.#clock, options.signal);
    call.within(timeout, () => tooLate(place, timeout));
    try {
      const response = await this.#send(place, options, call);
      const body = await readAll(response, limit, place);
      return body.length === 0 ? undefined : parseJson(body, place);
    } catch (error) {
      throw problem(error, place, call);
    } finally {
      call.end();
    }
  }

  async lines(path: ApiPath, options: ApiStream = {}): Promise<AsyncIterable<Buffer>> {
    const { idle, lineLimit = 16 * MIB } = options;
    const place = this.#place("GET", path);
    const call = beginCall(this.#clock, options.signal);
    // A kubelet sends a log's headers with its first line, so only connecting has a limit of its own.
    const connected = call.within(TIMEOUT, () => tooLate(place, TIMEOUT));
    if (idle !== undefined) call.idle(idle, () => dead(place, idle));
    try {
      const response = await this.#send(place, options, call, connected);
      call.alive();
      return readLines(response, lineLimit, place, call);
    } catch (error) {
      call.end();
      throw problem(error, place, call);
    }
  }

  serverTime(): { readonly server: number; readonly local: number } | undefined {
    return this.#time;
  }

  close(): void {
    this.#agent.destroy();
  }

  #place(method: string, path: string): Place {
    return { method, path, server: this.server };
  }

  /** Resolves to an answer in 2xx. */
  async #send(place: Place, options: ApiRequest, call: Call, connected?: () => void): Promise<IncomingMessage> {
    const outgoing = outgoingOf(place, this.#base, options);
    let response = await this.#attempt(place, outgoing, call, connected);
    if (response.statusCode === 401 && (await call.race(this.#access.renew?.() ?? Promise.resolve(false)))) {
      response.resume();
      response = await this.#attempt(place, outgoing, call, connected);
    }
    this.#noteTime(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const body = await readAll(response, ERROR_LIMIT, place);
    throw answerError(place, { status, headers: response.headers, body }, this.#clock);
  }

  async #attempt(place: Place, outgoing: Outgoing, call: Call, connected?: () => void): Promise<IncomingMessage> {
    const credentials = await call.race(this.#access.credentials()).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message.trim().slice(0, 500) : "unknown reason";
      throw new KubernetesError("unauthorized", `no credentials for context ${this.context}: ${why}`, place, { cause });
    });
    try {
      return await this.#exchange(outgoing, credentials, call, connected);
    } catch (error) {
      // A server may close an idle connection just as it is used again; the answer to a read is then simply asked for anew.
      if (outgoing.method !== "GET" || !(error instanceof StaleConnection)) throw error;
      return await this.#exchange(outgoing, credentials, call, connected);
    }
  }

  #exchange(
    outgoing: Outgoing,
    credentials: Credentials,
    call: Call,
    connected?: () => void,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (call.signal.aborted) return reject(call.signal.reason);
      const { body } = outgoing;
      const request = (this.#secure ? requestHttps : requestHttp)({
        agent: this.#agent,
        ...credentials.tls,
        host: this.#access.server.hostname.replace(/^\[|\]$/g, ""),
        port: this.#access.server.port,
        method: outgoing.method,
        path: outgoing.path,
        headers: { ...outgoing.headers, ...credentials.headers },
      });
      call.signal.addEventListener("abort", () => request.destroy(call.signal.reason), { once: true });
      request.once("response", (response) => {
        // Without a listener a failure between two reads would end the process; readers see it all the same.
        response.on("error", () => {});
        resolve(response);
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(stale && !call.signal.aborted ? new StaleConnection(error) : error);
      });
      request.once("socket", (socket) => {
        if (socket.connecting) socket.once(this.#secure ? "secureConnect" : "connect", () => connected?.());
        else connected?.();
      });
      request.end(body);
    });
  }

  #noteTime(response: IncomingMessage): void {
    const server = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(server)) this.#time = { server, local: this.#clock.now() };
  }
}

class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function outgoingOf(place: Place, base: string, options: ApiRequest): Outgoing {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  return {
    method: place.method,
    path: `${base}${place.path}${queryOf(options)}`,
    headers: {
      accept: "application/json",
      "accept-encoding": "identity",
      "user-agent": `executor-registry/${VERSION}`,
      ...(body === undefined
        ? {}
        : {
            "content-type": options.contentType ?? "application/json",
            "content-length": String(Buffer.byteLength(body)),
          }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

function queryOf({ query = {} }: ApiCall): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search.toString()}`;
}

async function readAll(response: IncomingMessage, limit: number, place: Place): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge(place, "answer", limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function* readLines(response: IncomingMessage, limit: number, place: Place, call: Call): AsyncGenerator<Buffer> {
  const splitter = splitLines(limit, () => tooLarge(place, "line", limit));
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      call.alive();
      yield* splitter.push(chunk);
    }
    const rest = splitter.rest();
    if (rest) yield rest;
  } catch (error) {
    throw problem(error, place, call);
  } finally {
    call.end();
  }
}

function parseJson(body: Buffer, place: Place): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new KubernetesError("kubernetes-api", "the answer is not JSON; is this a Kubernetes API server?", place, {
      cause,
    });
  }
}

/** What to reject with: the reason the call was stopped, an error with a name already, or the network's. */
function problem(error: unknown, place: Place, call: Call): unknown {
  if (call.signal.aborted) return call.signal.reason;
  if (error instanceof ExecutorRegistryError) return error;
  return networkError(place, error instanceof StaleConnection ? error.cause : error);
}

function tooLate(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} did not answer within ${ms / 1000} s`, place);
}

function dead(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} sent nothing for ${ms / 1000} s`, place);
}

function tooLarge(place: Place, what: "answer" | "line", limit: number): KubernetesError {
  return new KubernetesError("too-large", `the server's ${what} exceeds ${limit} bytes`, place);
}
