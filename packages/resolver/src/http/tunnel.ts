import type { Agent, ClientRequestArgs } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { http } from "./exchange.ts";
import { socks5 } from "./socks.ts";

/** Milliseconds for a proxy to make a connection. */
const TIMEOUT_MS = 30_000;

/** An agent whose connections lead through a proxy, to servers of either scheme: by CONNECT, or by SOCKS 5. */
export function tunnelAgent(proxy: URL, secure: boolean): Agent {
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  const tunnel = async (options: ClientRequestArgs): Promise<Socket> => {
    const target = { host: options.host ?? "", port: Number(options.port || (secure ? 443 : 80)) };
    const socket = await openTunnel(proxy, target);
    return secure ? secured(socket, options as ConnectionOptions) : socket;
  };
  const createConnection = async (
    options: ClientRequestArgs,
    callback: (error: Error | null, socket?: Duplex) => void,
  ): Promise<void> => {
    let socket: Socket;
    try {
      socket = await tunnel(options);
    } catch (error) {
      return callback(error as Error);
    }
    callback(null, socket);
  };
  // What is returned would be taken for the connection.
  return Object.assign(agent, {
    createConnection: (...args: Parameters<typeof createConnection>) => void createConnection(...args),
  });
}

/** Where a tunnel leads. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

async function openTunnel(proxy: URL, target: Target): Promise<Socket> {
  try {
    return await (proxy.protocol.startsWith("socks") ? throughSocks(proxy, target) : throughConnect(proxy, target));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    // Without a code: it is not the server that refuses.
    throw new Error(`the proxy ${proxy.protocol}//${proxy.host} gave no connection: ${why}`, { cause });
  }
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

function throughConnect(proxy: URL, { host, port }: Target): Promise<Socket> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const secure = proxy.protocol === "https:";
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const options: RequestOptions = {
    host: hostOf(proxy),
    port: proxy.port || (secure ? 443 : 80),
    method: "CONNECT",
    path: authority,
    agent: false,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      host: authority,
      ...(credentials !== ":" && {
        "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}`,
      }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = secure ? requestHttps(options) : http.request(options);
    request.once("connect", (response, socket, head) => {
      const { statusCode = 0, statusMessage = "" } = response;
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      reject(new Error(`it answered ${statusCode} ${statusMessage}`.trimEnd()));
    });
    const refused = (): void => {
      request.destroy();
      reject(new Error("it answered as if it were no proxy"));
    };
    request.once("response", refused);
    request.once("upgrade", refused);
    request.once("close", refused);
    request.on("error", reject);
    request.end();
  });
}

async function throughSocks(proxy: URL, target: Target): Promise<Socket> {
  const socket = connectTcp({ host: hostOf(proxy), port: Number(proxy.port || 1080) });
  const late = setTimeout(() => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    await socks5(socket, target, decodeURIComponent(proxy.username), decodeURIComponent(proxy.password));
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function secured(socket: Socket, options: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({ ...options, socket });
    const late = setTimeout(() => secure.destroy(new Error("the TLS handshake took too long")), TIMEOUT_MS);
    const settle = (): void => clearTimeout(late);
    secure.once("secureConnect", () => (settle(), secure.removeListener("error", reject), resolve(secure)));
    secure.once("error", (error) => (settle(), reject(error)));
    secure.once("close", () => (settle(), reject(new Error("the connection was closed within the TLS handshake"))));
  });
}
