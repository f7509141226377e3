import type { Agent, IncomingMessage } from "node:http";
import { request as requestHttps, type RequestOptions } from "node:https";

/** Node's own. An import of it would load what it exports as `WebSocket` too, which is Node's whole fetch: 40 ms and 14 MB. */
export const http = process.getBuiltinModule("node:http");

/** One request to an HTTP server. */
export interface Outgoing {
  readonly server: URL;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly agent?: Agent;
  /** Certificate authority, client certificate, server name. */
  readonly tls?: RequestOptions;
}

/** A kept-alive connection was closed by the server just as it was used again. */
class StaleConnection extends Error {
  declare readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * Sends one request; resolves to its answer's head. Rejects with the signal's reason at once when it aborts, in whichever state the
 * connection is in; from then on the connection is destroyed, also half-way through the body. A GET whose kept-alive connection
 * turns out to be closed is sent again, once.
 * @param connected called once there is a connection
 */
export async function exchange(
  outgoing: Outgoing,
  signal: AbortSignal,
  connected?: () => void,
): Promise<IncomingMessage> {
  try {
    return await send(outgoing, signal, connected);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    if (outgoing.method !== "GET") throw error.cause;
    return await send(outgoing, signal, connected).catch((again: unknown) => {
      throw again instanceof StaleConnection ? again.cause : again;
    });
  }
}

function send(outgoing: Outgoing, signal: AbortSignal, connected?: () => void): Promise<IncomingMessage> {
  const { server, method, path, headers, body, agent, tls } = outgoing;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const secure = server.protocol === "https:";
    const request = (secure ? requestHttps : http.request)({
      ...(agent && { agent }),
      ...tls,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      method,
      path,
      headers,
    });
    // A request that waits for its connection, or that was answered, reports nothing when it is destroyed.
    const stop = (): void => {
      reject(signal.reason);
      request.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    };
    signal.addEventListener("abort", stop, { once: true });
    request.once("response", resolve);
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new Error("it switches protocols although the request did not ask for it"));
    });
    request.once("close", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("the connection was closed without an answer"));
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale && !signal.aborted ? new StaleConnection(error) : error);
    });
    request.once("socket", (socket) => {
      if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", () => connected?.());
      else connected?.();
    });
    request.end(body);
  });
}
