import type { Agent, IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type Clock, systemClock } from "../../tools/clock.ts";
import { beginCall, type Call } from "../../http/call.ts";
import { exchange, http } from "../../http/exchange.ts";
import { tunnelAgent } from "../../http/tunnel.ts";
import type { ClusterAccess, Credentials } from "./access.ts";
import { parseJson, problem, readAll, readLines } from "./answer.ts";
import type { ApiPath, ApiRequest, ApiStream, KubernetesApi } from "./api.ts";
import { KubernetesError, type Place } from "./errors.ts";
import { answerError } from "./failures.ts";
import { outgoingOf } from "./outgoing.ts";

const MIB = 1 << 20;
const TIMEOUT_MS = 30_000;
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
  readonly #agent: Agent;
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
    const secure = server.protocol === "https:";
    this.#agent = access.proxy
      ? tunnelAgent(access.proxy, secure)
      : new (secure ? HttpsAgent : http.Agent)({ keepAlive: true });
  }

  async request(path: ApiPath, options: ApiRequest = {}): Promise<unknown> {
    const { method = "GET", timeout = TIMEOUT_MS, limit = 64 * MIB } = options;
    const place = this.#place(method, path);
    const call = beginCall(this.#clock, options.signal);
    const begin = (): (() => void) => call.within(timeout, () => tooLate(place, timeout));
    try {
      const response = await this.#send(place, options, call, { begin });
      options.answered?.(response.headers);
      const body = await readAll(response, limit, place);
      return parseJson(body, place, options.item);
    } catch (error) {
      throw problem(error, place, call);
    } finally {
      call.end();
    }
  }

  async lines(path: ApiPath, options: ApiStream = {}): Promise<AsyncIterable<Buffer>> {
    const { idle } = options;
    const place = this.#place("GET", path);
    const call = beginCall(this.#clock, options.signal);
    let watched = false;
    const begin = (): (() => void) => {
      call.alive();
      if (idle !== undefined && !watched) call.idle(idle, () => silent(place, idle));
      watched = true;
      return call.within(TIMEOUT_MS, () => tooLate(place, TIMEOUT_MS));
    };
    try {
      const response = await this.#send(place, options, call, { begin, untilConnected: true });
      call.alive();
      return readLines(response, options, place, call);
    } catch (error) {
      call.end();
      throw problem(error, place, call);
    }
  }

  serverTime(): { readonly server: number; readonly local: number } | undefined {
    return this.#time;
  }

  close(): void {
    this.#access.close?.();
    this.#agent.destroy();
  }

  #place(method: string, path: string): Place {
    return { method, path, server: this.server };
  }

  /** Resolves to an answer in 2xx. The limit begins again with each attempt: a person may have to log in before it. */
  async #send(place: Place, options: ApiRequest, call: Call, limit: Limit): Promise<IncomingMessage> {
    const outgoing = outgoingOf(place.method, `${this.#base}${place.path}`, options);
    const attempt = async ({ headers, tls }: Credentials): Promise<[IncomingMessage, () => void]> => {
      const lift = limit.begin();
      const way = { server: this.#access.server, agent: this.#agent, tls };
      const whole = { ...outgoing, ...way, headers: { ...outgoing.headers, ...headers } };
      return [await exchange(whole, call.signal, limit.untilConnected ? lift : undefined), lift];
    };
    const credentials = await this.#letIn(place, call, () => this.#access.credentials());
    const [first, lift] = await attempt(credentials);
    let response = first;
    if (response.statusCode === 401 && this.#access.renew) {
      lift();
      if (await this.#letIn(place, call, async () => this.#access.renew?.(credentials))) {
        response.destroy();
        [response] = await attempt(await this.#letIn(place, call, () => this.#access.credentials()));
      }
    }
    this.#noteTime(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    call.within(TIMEOUT_MS, () => tooLate(place, TIMEOUT_MS));
    const body = await readAll(response, ERROR_LIMIT, place);
    throw answerError(place, { status, headers: response.headers, body }, this.#clock);
  }

  /** What has to do with credentials. A lack of them is not a failure of the server. */
  #letIn<T>(place: Place, call: Call, work: () => Promise<T>): Promise<T> {
    return call.race(work()).catch((cause: unknown) => {
      if (call.signal.aborted) throw call.signal.reason;
      const why = cause instanceof Error ? cause.message.trim().slice(0, 4000) : "unknown reason";
      const message = `no credentials for context ${this.context}: ${why}`;
      throw new KubernetesError("unauthorized", message, place, { cause, retryable: false });
    });
  }

  #noteTime(response: IncomingMessage): void {
    const server = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(server)) this.#time = { server, local: this.#clock.now() };
  }
}

/** How long one attempt may take. */
interface Limit {
  /** Returns how to lift it. */
  begin(): () => void;
  /** A kubelet sends a log's headers with its first line, so of a stream only connecting has a limit of its own. */
  readonly untilConnected?: true;
}

function tooLate(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} did not answer within ${ms / 1000} s`, place);
}

function silent(place: Place, ms: number): KubernetesError {
  return new KubernetesError("timeout", `${place.server} sent nothing for ${ms / 1000} s`, place);
}
