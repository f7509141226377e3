import {
  type Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { type Agent as HttpsAgent, request as requestHttps } from "node:https";
import { getCACertificates } from "node:tls";
import type { Clock } from "@executor-registry/resolver";
import { untilAborted } from "@executor-registry/resolver/internal";
import { type AgentPair, agentPair, type Proxies } from "../../net/proxies.ts";
import { readBody } from "./body.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { type Place, RegistryError } from "./errors.ts";
import { checkKnownName, checkLiteral, guardedLookup, type ResolveName } from "./guarded-lookup.ts";
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
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of an answer that is no success, only the first 64 KiB. */
  readonly body: Buffer;
  readonly url: URL;
}

/** Sends one request and reads its answer. Follows nothing and repeats nothing but a request on a stale connection. */
export interface Transport {
  send(request: OutgoingRequest, signal: AbortSignal): Promise<HttpAnswer>;
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

/** One connection that was found closed says that others may be too; more in a row are the server's doing. */
const MAX_STALE = 5;
/** Informational answers (1xx) before the real one; each costs a server little and us some work. */
const MAX_INFORMATIONAL = 20;
/** Milliseconds for a name that only the proxy may know. */
const LOOKUP_MS = 2000;

/** How requests are sent. */
export interface TransportOptions {
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  readonly resolve: ResolveName;
  /** Certificates in PEM that are trusted besides the public ones. */
  readonly ca?: string;
  readonly proxies: Proxies;
}

/** Over Node's own client, whose `lookup` lets us check the address that is connected to; fetch has no such place. */
export function createTransport({ clock, timeouts, resolve, ca, proxies }: TransportOptions): Transport {
  const trusted = ca === undefined ? undefined : [...getCACertificates("default"), ca];
  // Connections to checked addresses are not shared with those that need no check, nor those through a proxy with direct ones.
  const agents = new Map<string, AgentPair>();
  const agentFor = ({ url, guarded }: OutgoingRequest, proxy: URL | undefined): HttpAgent | HttpsAgent => {
    const key = proxy?.href ?? (guarded ? "guarded" : "direct");
    const pair = agents.get(key) ?? agentPair(trusted, proxy);
    agents.set(key, pair);
    return pair[url.protocol === "https:" ? "https" : "http"];
  };

  const exchange = (request: OutgoingRequest, proxy: URL | undefined, deadline: Deadline): Promise<IncomingMessage> =>
    new Promise((resolveHead, reject) => {
      if (deadline.signal.aborted) return reject(deadline.signal.reason as Error);
      const { url, guarded, place } = request;
      const secure = url.protocol === "https:";
      const outgoing = (secure ? requestHttps : requestHttp)({
        agent: agentFor(request, proxy),
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: request.headers,
        ...(guarded && proxy === undefined && { lookup: guardedLookup(resolve, place) }),
        // Node leaves a tunnel that its proxy never opens alone, though the request for it has ended.
        ...(proxy !== undefined && { timeout: timeouts.connect + timeouts.head }),
      });
      // A request that is over, as after 101, says nothing when it is destroyed.
      const stop = (): void => {
        reject(deadline.signal.reason as Error);
        outgoing.destroy();
      };
      deadline.signal.addEventListener("abort", stop, { once: true });
      const connected = (): void => deadline.phase(timeouts.head, () => tooLate(place, url, timeouts.head));
      outgoing.once("socket", (socket) => {
        if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", connected);
        else connected();
      });
      outgoing.once("response", resolveHead);
      const odd = (why: string): void => {
        reject(new RegistryError("registry-protocol", `${url.host} ${why}`, place));
        outgoing.destroy();
      };
      outgoing.once("upgrade", (_response, socket) => {
        socket.destroy();
        odd("switches to another protocol (101), for which it was not asked. Is there a gateway before it?");
      });
      let informational = 0;
      outgoing.on("information", () => {
        informational += 1;
        if (informational > MAX_INFORMATIONAL) odd("sends informational answers (1xx) and no other");
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(stale && !deadline.signal.aborted ? new StaleConnection(error) : error);
      });
      outgoing.once("close", () => reject(new Error("the connection closed without an answer")));
      outgoing.end(request.body);
    });

  const send = async (request: OutgoingRequest, proxy: URL | undefined, caller: AbortSignal): Promise<HttpAnswer> => {
    const { place, url } = request;
    const deadline = createDeadline(clock, caller);
    try {
      deadline.phase(timeouts.connect, () => tooLate(place, url, timeouts.connect));
      if (request.guarded) {
        checkLiteral(url, place);
        if (proxy !== undefined) await checkKnownName(url, place, resolve, clock, LOOKUP_MS, deadline.signal);
      }
      const response = await exchange(request, proxy, deadline);
      deadline.phase(timeouts.body, () => tooLate(place, url, timeouts.body));
      const limit = request.method === "HEAD" ? 0 : request.limit;
      const body = await untilAborted(readBody(response, limit, place), deadline.signal);
      return { status: response.statusCode ?? 0, headers: response.headers, body, url };
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      throw error instanceof RegistryError || error instanceof StaleConnection
        ? error
        : unreachable(error, url, place, proxy);
    } finally {
      deadline.end();
    }
  };

  return {
    async send(request, signal) {
      const proxy = proxies.of(request.url);
      for (let stale = 0; ; stale += 1) {
        try {
          return await send(request, proxy, signal);
        } catch (error) {
          if (!(error instanceof StaleConnection)) throw error;
          if (stale === MAX_STALE) throw unreachable(error.cause, request.url, request.place, proxy);
        }
      }
    },
    close() {
      for (const { http, https } of agents.values()) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

function tooLate(place: Place, url: URL, ms: number): RegistryError {
  return new RegistryError("timeout", `${url.host} did not answer within ${ms / 1000} s`, place);
}
