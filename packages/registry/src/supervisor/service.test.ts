import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { createResolver, type ExecutorEvent } from "@executor-registry/resolver";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { deleteManifest, pushImage } from "../../../../testing/push.ts";
import type { Variables } from "../config/read-secrets.ts";
import { parseConfig } from "../config/parse-config.ts";
import { type Service, startService } from "./service.ts";

const log = pino({ level: "silent" });
const nothing = "listen: {host: 127.0.0.1, port: 0}\nauth: {writes: open}\n";
const start = (text = nothing, variables: Variables = {}): Promise<Service> =>
  startService({ config: parseConfig(text, "test.yaml"), log, variables });

/** The events of a service, as they come. */
async function* eventsOf(
  service: Service,
  signal: AbortSignal,
): AsyncGenerator<{ event: string; data: ExecutorEvent }> {
  const response = await fetch(`${service.url}/events`, { signal });
  assert.ok(response.body);
  let event = "";
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    if (line.startsWith("event: ")) event = line.slice("event: ".length);
    if (line.startsWith("data: ")) yield { event, data: JSON.parse(line.slice("data: ".length)) as ExecutorEvent };
  }
}

describe("the service and a real registry", { skip: noDockerRegistry }, () => {
  test("a push becomes resolvable by its event alone, so does a deletion, and listeners receive both", async () => {
    const service = await start();
    const ending = new AbortController();
    try {
      const headers = { Authorization: ["Bearer registry-secret"] };
      const url = `${service.url}/webhooks/local`;
      await using registry = await startDockerRegistry({ notifications: [{ name: "service", url, headers }] });
      const source = `{name: local, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/*"], interval: 1d}`;
      const webhook =
        "{name: local, kind: distribution, source: local, headers: {Authorization: {env: TEST_WEBHOOK_SECRET}}}";
      const next = parseConfig(`${nothing}sources: [${source}]\nwebhooks: [${webhook}]\n`, "test.yaml", {
        TEST_WEBHOOK_SECRET: "Bearer registry-secret",
      });
      assert.deepEqual(await service.reconfigure(next), []);
      await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });

      const events = eventsOf(service, ending.signal);
      assert.equal((await events.next()).value?.event, "reset");
      const { digest } = await pushImage(registry, "team/executor-ml", "1.0.0");
      const image = `${registry.host}/team/executor-ml@${digest}`;
      assert.deepEqual((await events.next()).value, {
        event: "executor",
        data: { type: "ml", image, version: "1.0.0" },
      });

      await using resolver = disposable(createResolver({ environment: "production", registry: { url: service.url } }));
      assert.equal((await resolver.resolver.resolve("ml")).image, image);

      await deleteManifest(registry, "team/executor-ml", digest);
      // What the image can do may be found out meanwhile, and is said too.
      let event = (await events.next()).value;
      while (event?.data.image === image) event = (await events.next()).value;
      assert.deepEqual(event, { event: "executor", data: { type: "ml" } });
      assert.equal((await fetch(`${service.url}/executors/ml`)).status, 404);
      const forged = await fetch(url, { method: "POST", body: "{}" });
      assert.equal(forged.status, 401);
    } finally {
      ending.abort();
      await service.close();
    }
  });
});

describe("a service that cannot start", () => {
  test("red-03: ends what it has begun when nothing can listen there, and when it is asked to end", async () => {
    const folder = await mkdtemp(join(tmpdir(), "start-"));
    const first = await start();
    const { port } = new URL(first.url);
    const store = `store: "sqlite:${join(folder, "catalogue.db")}"\n`;
    const taken = `listen: {host: 127.0.0.1, port: ${port}}\n${store}`;
    await assert.rejects(start(taken), { code: "EADDRINUSE" });
    // SQLite's log is gone once nobody has the database open.
    assert.deepEqual((await readdir(folder)).toSorted(), ["catalogue.db", "catalogue.db-head"]);
    const config = parseConfig(`listen: {host: 127.0.0.1, port: 0}\n${store}`, "test.yaml");
    await assert.rejects(startService({ config, log, signal: AbortSignal.abort(new Error("enough")) }), /enough/);
    assert.deepEqual((await readdir(folder)).toSorted(), ["catalogue.db", "catalogue.db-head"]);
    await first.close();
    await rm(folder, { recursive: true });
  });

  test("red-03: a configuration that cannot be made leaves the one before in every part", async () => {
    const source = "{name: examples, kind: oci-layout, path: examples/layout}";
    const service = await start(`${nothing}sources: [${source}]\n`, { KUBECONFIG: "/nowhere" });
    await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    const next = parseConfig(
      `auth: {reads: token, kubernetes: {serviceAccounts: {"a:b": reader}}}\nchecks: {approvedNamespaces: [x]}\n`,
      "test.yaml",
    );
    await assert.rejects(service.reconfigure(next), { code: "configuration", message: /^auth\.kubernetes: / });
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200);
    const refreshed = await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    const { scans } = (await refreshed.json()) as { scans: readonly { source: string; complete: boolean }[] };
    assert.deepEqual(
      [refreshed.status, scans.map(({ source, complete }) => [source, complete])],
      [200, [["examples", true]]],
    );
    await service.close();
    await assert.rejects(service.reconfigure(next), { code: "closed" });
  });
});

test(
  "red-14: a service is ready though an image of its only source can never be read",
  { timeout: 60_000 },
  async (t) => {
    const path = await mkdtemp(join(tmpdir(), "damaged-layout-"));
    t.after(() => rm(path, { recursive: true }));
    await cp("examples/layout", path, { recursive: true });
    const { manifests } = JSON.parse(await readFile(join(path, "index.json"), "utf8")) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    const damaged = manifests.find(({ annotations }) => Object.values(annotations)[0]?.startsWith("executor-ml:"));
    await rm(join(path, "blobs", "sha256", damaged?.digest.slice("sha256:".length) ?? ""));
    const service = await start(`${nothing}sources: [{name: damaged, kind: oci-layout, path: ${path}}]\n`);
    try {
      await (await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" })).text();
      assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
      const { status, reason } = (await (await fetch(`${service.url}/health`)).json()) as Record<string, unknown>;
      assert.equal(status, "degraded");
      assert.match(String(reason), /damaged/);
    } finally {
      await service.close();
    }
  },
);

describe("a service that ends", () => {
  test("says that it is not ready while it still answers", async () => {
    const service = await start();
    const ready = async (): Promise<number> => (await fetch(`${service.url}/readyz`)).status;
    assert.equal(await ready(), 200);
    service.drain();
    assert.deepEqual([await ready(), (await fetch(`${service.url}/executors`)).status], [503, 200]);
    await service.close();
    await assert.rejects(fetch(`${service.url}/livez`));
  });

  test("has callers leave the connections that it is about to close", async () => {
    const service = await start(`${nothing}sources: [{name: examples, kind: oci-layout, path: examples/layout}]\n`);
    await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    const kept = async (path: string): Promise<readonly [number, string | null]> => {
      const { status, headers } = await fetch(service.url + path);
      return [status, headers.get("connection")];
    };
    for (const path of ["/executors/ml", "/executors"]) assert.deepEqual(await kept(path), [200, "keep-alive"], path);
    service.drain();
    for (const path of ["/executors/ml", "/executors"]) assert.deepEqual(await kept(path), [200, "close"], path);
    await service.close();
  });

  test("leaves a resolver that has asked once with its answer", async () => {
    const service = await start(`${nothing}sources: [{name: examples, kind: oci-layout, path: examples/layout}]\n`);
    await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    await using production = disposable(createResolver({ environment: "production", registry: { url: service.url } }));
    const before = await production.resolver.resolve("ml");
    await service.close();
    assert.equal((await production.resolver.resolve("ml")).image, before.image);
  });
});

function disposable(resolver: ReturnType<typeof createResolver>) {
  return { resolver, [Symbol.asyncDispose]: () => resolver.close() };
}
