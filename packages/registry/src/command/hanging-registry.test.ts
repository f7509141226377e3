import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { serving } from "../../../../testing/serving.ts";

const IN_FORCE = "the new configuration is in force";

describe("a service whose registry accepts and never answers", { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "hanging-"))));
  afterEach(() => rm(folder, { recursive: true }));

  /** A registry that hangs, and what serves it. */
  const hanging = async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const asked = once(server, "connection");
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = join(folder, "registry.yaml");
    const configure = (more = ""): Promise<void> =>
      writeFile(
        file,
        `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${join(folder, "catalogue.db")}"
checks: none
sources: [{ name: main, kind: oci, host: "${host}", insecure: true, repositories: [executor-ml] }]
${more}`,
      );
    await configure();
    const service = await serving(file, {}, "listening");
    await asked;
    const close = (): void => void server.close();
    return { service, configure, [Symbol.dispose]: close };
  };

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`red-02: it ends within seconds of ${signal}`, async () => {
      using registry = await hanging();
      await using service = registry.service;
      const began = performance.now();
      service.signal(signal);
      await service.logged("ended");
      assert.deepEqual(await service.ended, { code: 0, signal: null });
      assert.ok(performance.now() - began < 8000);
    });
  }

  test("red-02: it ends within seconds though clients hold connections that they do not use", async () => {
    using registry = await hanging();
    await using service = registry.service;
    const { port } = new URL(service.url);
    const sockets = ["", "GET /executors HTTP/1.1\r\nhost: a\r\n", "GET /events HTTP/1.1\r\nhost: a\r\n\r\n"].map(
      (text) => {
        const socket = connect(Number(port), "127.0.0.1");
        socket.on("error", () => {}).write(text);
        return socket;
      },
    );
    const refreshing = fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" }).catch(() => {});
    await once(sockets[2]!, "data");
    service.signal("SIGINT");
    const began = performance.now();
    await service.logged("ended");
    assert.ok(performance.now() - began < 5000);
    for (const socket of sockets) socket.destroy();
    await refreshing;
  });

  test("red-02: another configuration is taken over, and a signal to end works meanwhile", async () => {
    using registry = await hanging();
    await using service = registry.service;
    await registry.configure("limits: { writesPerMinute: 7 }\n");
    await service.logged(IN_FORCE);
    const first = await service.logged("these settings count from the next start on");
    service.signal("SIGHUP");
    const again = await service.logged("these settings count from the next start on");
    assert.deepEqual([first["settings"], again["settings"]], [["limits"], ["limits"]], "they still wait");
    await registry.configure("limits: { writesPerMinute: 8 }\n");
    service.signal("SIGHUP");
    service.signal("SIGINT");
    await service.logged("ended");
    assert.deepEqual(await service.ended, { code: 0, signal: null });
  });
});
