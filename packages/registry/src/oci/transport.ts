import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { getCACertificates } from "node:tls";
import type { Clock } from "@executor-registry/resolver";
import { readBody } from "./body.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { type Place, RegistryError } from "./errors.ts";
import { checkLiteral, guardedLookup, type ResolveName } from "./guarded-lookup.ts";
import { StaleConnection, unreachable } from "./unreachable.ts";

/** One HTTP request. */
export interface OutgoingRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Only public addresses may be contacted. */
  readonly guarded: boolean;
  /** Most bytes of a successful answer. */
  readonly limit: number;
  readonly place: Place;
}

/** Its answer, read to the end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of an answer that is no success, only the first 64 KiB. */
  readonly body: Buffer;
  readonly url: URL;
}

/** Sends one request and reads its answer. Follows nothing and repeats nothing but a request on a stale connection. */
export interface Transport {
  send(request: OutgoingRequest, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** Milliseconds. */
export interface Timeouts {
  /** Name resolution, TCP and TLS. @default 10_000 */
  readonly connect: number;
  /** Until the answer's headers. @default 30_000 */
  readonly head: number;
  /** For the whole body. @default 60_000 */
  readonly body: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 10_000, head: 30_000, body: 60_000 };

/**
 * Over Node's own client, whose `lookup` lets us check the address that is connected to; fetch has no such place.
 * @param ca certificates in PEM that are trusted besides the public ones
 */
export function createTransport(clock: Clock, timeouts: Timeouts, resolve: ResolveName, ca?: string): Transport {
  const agents = agentPair(ca);
  // Connections to checked addresses are not shared with those that need no check.
  const guardedAgents = agentPair(ca);

  const exchange = (request: OutgoingRequest, deadline: Deadline): Promise<IncomingMessage> =>
    new Promise((resolveHead, reject) => {
      if (deadline.signal.aborted) return reject(deadline.signal.reason as Error);
      const { url, guarded, place } = request;
      if (guarded) checkLiteral(url, place);
      const secure = url.protocol === "https:";
      const agent = (guarded ? guardedAgents : agents)[secure ? "https" : "http"];
      const outgoing = (secure ? requestHttps : requestHttp)({
        agent,
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: request.headers,
        ...(guarded && { lookup: guardedLookup(resolve, place) }),
      });
      const stop = (): void => void outgoing.destroy(deadline.signal.reason as Error);
      deadline.signal.addEventListener("abort", stop, { once: true });
      const connected = (): void => deadline.phase(timeouts.head, () => tooLate(place, url, timeouts.head));
      deadline.phase(timeouts.connect, () => tooLate(place, url, timeouts.connect));
      outgoing.once("socket", (socket) => {
        if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", connected);
        else connected();
      });
      outgoing.once("response", resolveHead);
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(stale && !deadline.signal.aborted ? new StaleConnection(error) : error);
      });
      outgoing.end(request.body);
    });

  const send = async (request: OutgoingRequest, caller: AbortSignal): Promise<Answer> => {
    const { place, url } = request;
    const deadline = createDeadline(clock, caller);
    try {
      const response = await exchange(request, deadline);
      deadline.phase(timeouts.body, () => tooLate(place, url, timeouts.body));
      const body = await readBody(response, request.method === "HEAD" ? 0 : request.limit, place);
      return { status: response.statusCode ?? 0, headers: response.headers, body, url };
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      throw error instanceof RegistryError || error instanceof StaleConnection ? error : unreachable(error, url, place);
    } finally {
      deadline.end();
    }
  };

  return {
    async send(request, signal) {
      for (;;) {
        try {
          return await send(request, signal);
        } catch (error) {
          // Every stale connection found leaves the agent's pool, so this ends.
          if (!(error instanceof StaleConnection)) throw error;
        }
      }
    },
    close() {
      for (const agent of [...Object.values(agents), ...Object.values(guardedAgents)]) agent.destroy();
    },
  };
}

function agentPair(ca?: string): { readonly http: HttpAgent; readonly https: HttpsAgent } {
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] };
  return { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true, ...trusted }) };
}

function tooLate(place: Place, url: URL, ms: number): RegistryError {
  return new RegistryError("timeout", `${url.host} did not answer within ${ms / 1000} s`, place);
}
