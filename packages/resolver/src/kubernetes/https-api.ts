import { Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type Clock, systemClock } from "../clock.ts";
import { beginCall, type Call } from "../http/call.ts";
import { exchange } from "../http/exchange.ts";
import type { ClusterAccess, Credentials } from "./access.ts";
import { parseJson, problem, readAll, readLines } from "./answer.ts";
import type { ApiPath, ApiRequest, ApiStream, KubernetesApi } from "./api.ts";
import { KubernetesError, type Place } from "./errors.ts";
import { answerError } from "./failures.ts";
import { outgoingOf } from "./outgoing.ts";

const MIB = 1 << 20;
const TIMEOUT = 30_000;
const ERROR_LIMIT = 64 << 10;

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
  readonly #agent: HttpAgent;
  #time: { readonly server: number; readonly local: number } | undefined;

  constructor(access: ClusterAccess, clock: Clock) {
    const { server, context, namespace } = access;
    // A server behind Rancher or another gateway has a path of its own, below which the API begins.
    this.#base = server.pathname.replace(/\/+$/, "");
    this.server = `${server.origin}${this.#base}`;
    this.context = context;
    this.namespace = namespace;
    this.#access = access;
    this.#clock = clock;
    this.#agent =
      server.protocol === "https:" ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  async request(path: ApiPath, options: ApiRequest = {}): Promise<unknown> {
    const { method = "GET", timeout = TIMEOUT, limit = 64 * MIB } = options;
    const place = this.#place(method, path);
    const call = beginCall(this.#clock, options.signal);
    call.within(timeout, () => tooLate(place, timeout));
    try {
      return parseJson(await readAll(await this.#send(place, options, call), limit, place), place);
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
    if (idle !== undefined) call.idle(idle, () => silent(place, idle));
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
    const attempt = async (): Promise<IncomingMessage> => {
      const outgoing = outgoingOf(place.method, `${this.#base}${place.path}`, options);
      const { headers, tls } = await this.#credentials(place, call);
      const way = { server: this.#access.server, agent: this.#agent, tls };
      const whole = { ...outgoing, ...way, headers: { ...outgoing.headers, ...headers } };
      return exchange(whole, call.signal, connected);
    };
    let response = await attempt();
    if (response.statusCode === 401 && (await call.race(this.#access.renew?.() ?? Promise.resolve(false)))) {
      response.destroy();
      response = await attempt();
    }
    this.#noteTime(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    call.within(TIMEOUT, () => tooLate(place, TIMEOUT));
    const body = await readAll(response, ERROR_LIMIT, place);
    throw answerError(place, { status, headers: response.headers, body }, this.#clock);
  }

  #credentials(place: Place, call: Call): Promise<Credentials> {
    return call.race(this.#access.credentials()).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message.trim().slice(0, 500) : "unknown reason";
      throw new KubernetesError("unauthorized", `no credentials for context ${this.context}: ${why}`, place, { cause });
    });
  }

  #noteTime(response: IncomingMessage): void {
    const server = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(server)) this.#time = { server, local: this.#clock.now() };
  }
}

function tooLate(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} did not answer within ${ms / 1000} s`, place);
}

function silent(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} sent nothing for ${ms / 1000} s`, place);
}
