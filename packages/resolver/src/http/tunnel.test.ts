import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { exchange } from "./exchange.ts";
import { readBytes } from "../tools/read-bytes.ts";
import { tunnelAgent } from "./tunnel.ts";

/** A SOCKS 5 proxy that leads everywhere to one port, and notes what it was asked for. */
async function socksProxy(port: number, user?: string, reply = 0) {
  const asked: string[] = [];
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => void serve(socket).catch(() => socket.destroy()));
  const serve = async (socket: Socket): Promise<void> => {
    sockets.push(socket);
    socket.on("error", () => {});
    const take = async (): Promise<Buffer> => ((await once(socket, "data")) as [Buffer])[0];
    const methods = await take();
    socket.write(Buffer.from([5, user === undefined ? 0 : methods.includes(2, 2) ? 2 : 255]));
    if (user !== undefined) {
      const login = await take();
      socket.write(Buffer.from([1, login.toString().includes(user) ? 0 : 1]));
    }
    const request = await take();
    asked.push(request[3] === 3 ? request.subarray(5, -2).toString() : request.subarray(4, -2).join("."));
    socket.write(Buffer.from([5, reply, 0, 1, 127, 0, 0, 1, 0, 80]));
    if (reply !== 0) return;
    const onward = connect(port, "127.0.0.1");
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("dev-10: a SOCKS 5 proxy", () => {
  const server = createServer((_, response) => response.end("hello"));
  let port = 0;
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = async (proxy: string, host: string): Promise<string> => {
    const agent = tunnelAgent(new URL(proxy), false);
    const outgoing = { server: new URL(`http://${host}:80`), method: "GET", path: "/", headers: {}, agent };
    try {
      const response = await exchange(outgoing, new AbortController().signal);
      return (await readBytes(response, 100, () => new Error("too large"))).toString();
    } finally {
      agent.destroy();
    }
  };

  test("resolves names itself, and takes addresses", async () => {
    await using proxy = await socksProxy(port);
    assert.equal(await ask(`socks5://${proxy.host}`, "kubernetes.corp.test"), "hello");
    assert.equal(await ask(`socks5h://${proxy.host}`, "10.0.0.1"), "hello");
    assert.deepEqual(proxy.asked, ["kubernetes.corp.test", "10.0.0.1"]);
  });

  test("gets user and password", async () => {
    await using proxy = await socksProxy(port, "jane");
    assert.equal(await ask(`socks5://jane:secret@${proxy.host}`, "a.test"), "hello");
    await assert.rejects(ask(`socks5://joe:secret@${proxy.host}`, "a.test"), /it refuses the user or the password/);
    await assert.rejects(ask(`socks5://${proxy.host}`, "a.test"), /requires an authentication method/);
  });

  test("that refuses says why; what is no proxy is an error", async () => {
    await using proxy = await socksProxy(port, undefined, 2);
    await assert.rejects(ask(`socks5://${proxy.host}`, "a.test"), /its rules do not allow the connection/);
    await assert.rejects(ask(`socks5://127.0.0.1:${port}`, "a.test"), /it speaks no SOCKS 5/);
  });
});
