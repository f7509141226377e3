import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { type AgentPair, agentPair, type Proxies, proxiesOf } from "./proxies.ts";

/** Milliseconds without a byte, so that a tunnel which the proxy never opens does not stay; callers have limits of their own. */
const SILENCE_MS = 150_000;

/**
 * fetch, through the environment's proxies: Node's own knows none unless it is started so. Through a proxy it sends texts and follows no
 * redirects, which is all that this package asks of it.
 */
export function proxiedFetch(proxies: Proxies = proxiesOf()): typeof globalThis.fetch {
  const agents = new Map<string, AgentPair>();
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = proxies.of(url);
    if (proxy === undefined || input instanceof Request) return globalThis.fetch(input, init);
    const pair = agents.get(proxy.href) ?? agentPair(undefined, proxy);
    agents.set(proxy.href, pair);
    return throughProxy(pair, url, init);
  };
}

function throughProxy(agents: AgentPair, url: URL, init: RequestInit): Promise<Response> {
  const { method = "GET", headers, body, signal, redirect } = init;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const secure = url.protocol === "https:";
    let answer: IncomingMessage | undefined;
    const outgoing = (secure ? requestHttps : requestHttp)(url, {
      agent: secure ? agents.https : agents.http,
      method,
      headers: Object.fromEntries(new Headers(headers)),
      timeout: SILENCE_MS,
    });
    const fail = (error: Error): void => {
      reject(error);
      answer?.destroy(error);
      outgoing.destroy();
    };
    const stop = (): void => fail(signal?.reason as Error);
    signal?.addEventListener("abort", stop, { once: true });
    outgoing.once("close", () => {
      signal?.removeEventListener("abort", stop);
      reject(new TypeError("the connection closed without an answer"));
    });
    outgoing.on("error", reject);
    outgoing.once("timeout", () => fail(new TypeError(`${url.host} sent nothing for ${SILENCE_MS / 1000} s`)));
    outgoing.once("upgrade", (_response, socket) => {
      socket.destroy();
      fail(new TypeError(`${url.host} switches to another protocol`));
    });
    outgoing.once("response", (response) => {
      answer = response;
      const { statusCode = 0 } = response;
      const redirects = statusCode >= 300 && statusCode < 400 && redirect !== "manual";
      if (redirects || statusCode < 200 || statusCode > 599) {
        return fail(new TypeError(`${url.host} answers with status ${statusCode}, which is not followed`));
      }
      const empty = [204, 205, 304].includes(statusCode);
      if (empty) response.resume();
      const content = empty ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>);
      resolve(new Response(content, { status: statusCode, headers: headersOf(response) }));
    });
    outgoing.end(typeof body === "string" ? body : undefined);
  });
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return headers;
}
