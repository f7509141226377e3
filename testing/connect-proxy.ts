import { once } from "node:events";
import { createServer, request as requestHttp } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** An HTTP proxy on the loopback, as companies have them: tunnels by CONNECT, and passes plain requests on. */
export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** First lines of the requests to it, in order: `CONNECT registry.corp.test:443`. */
  readonly asked: readonly string[];
  /** Its `Proxy-Authorization` headers, in the same order. */
  readonly authorizations: readonly (string | undefined)[];
  /** What it answers instead, from now on: a status, or `"nothing"`. */
  refuse: number | "nothing" | undefined;
}

/** @param names the only ones that it resolves: `host:port` → port on the loopback */
export async function startConnectProxy(names: Readonly<Record<string, number>>): Promise<ConnectProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    if (proxy.refuse === "nothing") return;
    const url = URL.parse(request.url ?? "");
    const port = names[`${url?.hostname}:${url?.port || "80"}`];
    if (proxy.refuse !== undefined || !url || port === undefined) {
      response.writeHead(proxy.refuse ?? 502).end();
      return;
    }
    const { method, headers } = request;
    const path = `${url.pathname}${url.search}`;
    const onward = requestHttp({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("connect", (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    client.on("error", () => client.destroy());
    if (proxy.refuse === "nothing") return;
    const port = names[request.url ?? ""];
    if (proxy.refuse !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${proxy.refuse ?? 502} Refused\r\n\r\n`);
      return;
    }
    const onward = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    onward.on("error", () => client.destroy());
    client.on("close", () => onward.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: ConnectProxy = {
    url: `http://${host}`,
    host,
    asked,
    authorizations,
    refuse: undefined,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
