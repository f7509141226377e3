import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { noOpenssl } from "../../../../../testing/self-signed.ts";
import { startTlsServer } from "../../../../../testing/tls-server.ts";
import { systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { proxiesOf } from "../../net/proxies.ts";
import { systemResolve } from "./guarded-lookup.ts";
import { createTransport, DEFAULT_TIMEOUTS, type OutgoingRequest, type TransportOptions } from "./transport.ts";

const request = (port: number, scheme = "http"): OutgoingRequest => {
  const url = new URL(`${scheme}://127.0.0.1:${port}/v2/`);
  return { method: "GET", url, headers: {}, guarded: false, limit: 100, place: { host: url.host } };
};

const direct: TransportOptions = {
  clock: systemClock,
  timeouts: DEFAULT_TIMEOUTS,
  resolve: systemResolve,
  proxies: proxiesOf({}),
};

/** A server that answers every request with the same bytes, or does what is asked with the connection. */
async function rawServer(
  answer: string | ((socket: Socket) => void),
): Promise<AsyncDisposable & { readonly port: number; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createTcp((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => (typeof answer === "string" ? socket.write(answer) : answer(socket)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("red-02: every request comes to an end", { timeout: 20_000 }, () => {
  for (const [what, answer, error] of [
    [
      "101 Switching Protocols",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      { code: "registry-protocol", message: /switches to another protocol \(101\)/ },
    ],
    ["a flood of 1xx", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000), { message: /informational answers/ }],
    ["a reset", (socket: Socket) => socket.resetAndDestroy(), { code: "unreachable", message: /ECONNRESET/ }],
    ["a closed connection", (socket: Socket) => socket.end(), { code: "unreachable" }],
    ["half of a head", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\nContent-"), { code: "unreachable" }],
    [
      "half of a body",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
      { code: "unreachable" },
    ],
    [
      "a reset within a body",
      (socket: Socket) =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", () => socket.resetAndDestroy()),
      { code: "unreachable" },
    ],
    [
      "half of a chunk",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf"),
      { code: /unreachable|registry-protocol/ },
    ],
  ] as const) {
    test(`${what} is an error`, async ({ signal }) => {
      await using server = await rawServer(answer);
      const transport = createTransport(direct);
      for (const method of ["GET", "HEAD"] as const) {
        if (method === "HEAD" && what.includes("body")) continue;
        if (method === "HEAD" && what.includes("chunk")) continue;
        const sent = transport.send({ ...request(server.port), method }, signal);
        await assert.rejects(sent, (thrown: Error & { code?: string }) => {
          if ("message" in error) assert.match(thrown.message, error.message);
          if ("code" in error) assert.match(thrown.code ?? "", new RegExp(error.code));
          return true;
        });
      }
      transport.close();
    });
  }

  for (const [what, answer, after] of [
    ["nothing", "", 30_000],
    ["half of a head", "HTTP/1.1 200 OK\r\nContent-", 30_000],
    ["informational answers", "HTTP/1.1 100 Continue\r\n\r\n", 30_000],
    ["a head without its body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 90_000],
    ["half of a body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", 90_000],
  ] as const) {
    test(`${what} and then silence ends at the time limit`, async ({ signal }) => {
      const clock = manualClock();
      let asked = (): void => {};
      const received = new Promise<void>((resolve) => (asked = resolve));
      await using server = await rawServer((socket) => {
        socket.write(answer);
        asked();
      });
      const transport = createTransport({ ...direct, clock });
      const failed = assert.rejects(transport.send(request(server.port), signal), { code: "timeout" });
      await received;
      // The limits of the head and of the body, one after the other, and as much again.
      for (let passed = 0; passed < 2 * after; passed += 1000) await clock.advance(1000);
      await failed;
      transport.close();
    });
  }

  test("a kept connection that the server resets whenever it is used again is abandoned after some", async ({
    signal,
  }) => {
    const seen = new Set<Socket>();
    await using server = await rawServer((socket) => {
      if (seen.has(socket)) return void socket.resetAndDestroy();
      seen.add(socket);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const transport = createTransport(direct);
    for (let sent = 0; sent < 5; sent += 1) {
      assert.equal((await transport.send(request(server.port), signal)).body.toString(), "ok");
    }
    assert.equal(server.connections(), 5);
    transport.close();
  });
});

describe("one request", () => {
  const ownCertificate =
    "to a server with a certificate that no authority signed names it, with what to do, which helps";
  test(ownCertificate, { skip: noOpenssl }, async ({ signal }) => {
    await using server = await startTlsServer([], (_, response) => response.end("ok"));
    const { port, certificate } = server;
    const transport = createTransport(direct);
    await assert.rejects(transport.send(request(port, "https"), signal), {
      code: "unreachable",
      retryable: false,
      message: `127.0.0.1:${port}: the certificate of 127.0.0.1:${port} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). For a private authority, give its certificate as the source's ca`,
    });
    const trusting = createTransport({ ...direct, ca: certificate });
    assert.equal((await trusting.send(request(port, "https"), signal)).body.toString(), "ok");
    trusting.close();
    transport.close();
  });

  test("to what does not speak HTTP says so", async ({ signal }) => {
    const server = createTcp((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport(direct);
    const sent = transport.send(request((server.address() as AddressInfo).port), signal);
    await assert.rejects(sent, { code: "registry-protocol", message: /does not answer in HTTP/ });
    transport.close();
    server.close();
  });

  test("to a server that says nothing ends after half a minute", async ({ signal }) => {
    const clock = manualClock();
    const server = createHttp(() => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport({ ...direct, clock });
    const sent = transport.send(request((server.address() as AddressInfo).port), signal);
    const failed = assert.rejects(sent, { code: "timeout", message: /did not answer within 30 s/ });
    await once(server, "request");
    await clock.advance(30_000);
    await failed;
    transport.close();
    server.close();
    server.closeAllConnections();
  });

  test("finds a new connection when the server has closed the kept one", async ({ signal }) => {
    const server = createHttp((_request, response) => response.end("ok"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport(direct);
    const one = request((server.address() as AddressInfo).port);
    for (let sent = 0; sent < 20; sent += 1) {
      assert.equal((await transport.send(one, signal)).body.toString(), "ok");
      server.closeAllConnections();
    }
    transport.close();
    server.close();
  });

  test("connects to no other address than the one that was checked", async ({ signal }) => {
    const answers = [[{ address: "10.0.0.1", family: 4 }], [{ address: "fd00::1", family: 6 }]];
    for (const answer of answers) {
      const transport = createTransport({ ...direct, resolve: async () => answer });
      const url = new URL("https://storage.example.com/x");
      await assert.rejects(transport.send({ ...request(0), url, guarded: true }, signal), {
        name: "RefusedAddressError",
        address: "storage.example.com",
      });
      transport.close();
    }
  });
});
