import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { systemResolve } from "./guarded-lookup.ts";
import { createTransport, DEFAULT_TIMEOUTS, type OutgoingRequest } from "./transport.ts";

const request = (port: number, scheme = "http"): OutgoingRequest => {
  const url = new URL(`${scheme}://127.0.0.1:${port}/v2/`);
  return { method: "GET", url, headers: {}, guarded: false, limit: 100, place: { host: url.host } };
};

describe("one request", () => {
  test("to a server with a certificate of nobody's says which one, and what to do, which helps", async ({ signal }) => {
    const folder = await mkdtemp(join(tmpdir(), "transport-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const ask = [...name, "-days", "2", "-keyout", key, "-out", cert];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...ask], { stdio: "ignore" });
    const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_, response) =>
      response.end("ok"),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport(systemClock, DEFAULT_TIMEOUTS, systemResolve);
    const { port } = server.address() as AddressInfo;
    await assert.rejects(transport.send(request(port, "https"), signal), {
      code: "unreachable",
      retryable: false,
      message: `127.0.0.1:${port}: the certificate of 127.0.0.1:${port} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). For a private authority, give its certificate as the source's ca`,
    });
    const trusting = createTransport(systemClock, DEFAULT_TIMEOUTS, systemResolve, await readFile(cert, "utf8"));
    assert.equal((await trusting.send(request(port, "https"), signal)).body.toString(), "ok");
    trusting.close();
    transport.close();
    server.close();
    await rm(folder, { recursive: true });
  });

  test("to what does not speak HTTP says so", async ({ signal }) => {
    const server = createTcp((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport(systemClock, DEFAULT_TIMEOUTS, systemResolve);
    const sent = transport.send(request((server.address() as AddressInfo).port), signal);
    await assert.rejects(sent, { code: "registry-protocol", message: /does not answer in HTTP/ });
    transport.close();
    server.close();
  });

  test("to a server that says nothing ends after half a minute", async ({ signal }) => {
    const clock = manualClock();
    const server = createHttp(() => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const transport = createTransport(clock, DEFAULT_TIMEOUTS, systemResolve);
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
    const transport = createTransport(systemClock, DEFAULT_TIMEOUTS, systemResolve);
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
      const transport = createTransport(systemClock, DEFAULT_TIMEOUTS, async () => answer);
      const url = new URL("https://storage.example.com/x");
      await assert.rejects(transport.send({ ...request(0), url, guarded: true }, signal), {
        name: "RefusedAddressError",
        address: "storage.example.com",
      });
      transport.close();
    }
  });
});
