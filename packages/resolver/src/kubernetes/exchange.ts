import { type Agent, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { VERSION } from "../version.ts";
import type { Credentials } from "./access.ts";
import type { ApiRequest } from "./api.ts";
import type { Call } from "./call.ts";

/** A request ready to be sent, but for credentials. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Puts a call into HTTP's terms. */
export function outgoingOf(method: string, path: string, options: ApiRequest): Outgoing {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const headers = {
    accept: "application/json",
    // Watches are many small writes on a near link: decompressing costs more than it saves.
    "accept-encoding": "identity",
    "user-agent": `executor-registry/${VERSION}`,
  };
  const whole = { method, path: search.size === 0 ? path : `${path}?${search.toString()}` };
  if (options.body === undefined) return { ...whole, headers };
  const body = JSON.stringify(options.body);
  const contentType = options.contentType ?? "application/json";
  return {
    ...whole,
    headers: { ...headers, "content-type": contentType, "content-length": String(Buffer.byteLength(body)) },
    body,
  };
}

/** A kept-alive connection was closed by the server just as it was used again. */
export class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * Sends one request; resolves to its answer's head. Ends with the call's signal, which destroys the connection.
 * @param connected called once there is a connection
 */
export function exchange(
  server: URL,
  agent: Agent,
  outgoing: Outgoing,
  credentials: Credentials,
  call: Call,
  connected?: () => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (call.signal.aborted) return reject(call.signal.reason);
    const secure = server.protocol === "https:";
    const request = (secure ? requestHttps : requestHttp)({
      agent,
      ...credentials.tls,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      method: outgoing.method,
      path: outgoing.path,
      headers: { ...outgoing.headers, ...credentials.headers },
    });
    call.signal.addEventListener("abort", () => request.destroy(call.signal.reason), { once: true });
    request.once("response", resolve);
    request.on("error", (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale && !call.signal.aborted ? new StaleConnection(error) : error);
    });
    request.once("socket", (socket) => {
      if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", () => connected?.());
      else connected?.();
    });
    request.end(outgoing.body);
  });
}
