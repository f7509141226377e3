import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../../testing/cluster.ts";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { type Intercept, startRegistryProxy } from "../../../testing/registry-proxy.ts";
import { serving } from "../../../testing/serving.ts";

/** How registries keep those waiting who ask them. */
const BAD: Readonly<Record<string, Intercept>> = {
  hangs: () => true,
  drips: (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const drip = setInterval(() => response.write(" "), 500);
    response.on("close", () => clearInterval(drip));
    return true;
  },
  upgrades: (_request, response) => {
    response.socket?.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
    return true;
  },
};

for (const what of [...Object.keys(BAD), "refuses"]) {
  test(
    `red-16: a source that ${what} keeps nobody else's answers back, is named, and does not keep the service from being ready`,
    { skip: noDockerRegistry, timeout: 120_000 },
    async () => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, "team/executor-ml", "1.0.0");
      await using bad = await startRegistryProxy();
      const how = BAD[what];
      if (how) bad.intercept(how);
      // Nothing listens on a registry's port once it is stopped.
      await using stopped = await startDockerRegistry();
      await stopped.stop();
      const host = how ? bad.host : stopped.host;
      const folder = await mkdtemp(join(tmpdir(), "ready-"));
      const file = join(folder, "registry.yaml");
      const source = (name: string, at: string): string =>
        `{name: ${name}, kind: oci, host: "${at}", insecure: true, repositories: ["team/executor-ml", "team/executor-x"]}`;
      await writeFile(
        file,
        `listen: {host: 127.0.0.1, port: 0}\nchecks: none\nsources: [${source("bad", host)}, ${source("good", registry.host)}]\n`,
      );
      await using service = await serving(file, {}, "listening");
      const started = performance.now();
      const get = async (path: string): Promise<Response> => fetch(`${service.url}${path}`);
      const until = (path: string): Promise<number> =>
        eventually(`200 of ${path}`, 60_000, async () => {
          const response = await get(path);
          await response.arrayBuffer();
          return response.status === 200 ? (performance.now() - started) / 1000 : undefined;
        });
      const answered = await until("/executors/ml");
      const ready = await until("/readyz");
      // The stated bound is 30 s; the rest is for a busy machine.
      assert.ok(answered < 20, `answered after ${answered} s`);
      assert.ok(ready < 45, `ready after ${ready} s`);
      const health = (await (await get("/health")).json()) as { status: string; reason: string };
      assert.equal(health.status, "degraded");
      assert.match(health.reason, /^not read completely: bad \(/);
      assert.equal((await get("/executors/x")).status, 404);
      await rm(folder, { recursive: true });
    },
  );
}
