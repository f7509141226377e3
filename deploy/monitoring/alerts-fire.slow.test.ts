import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import { freePort } from "../../scripts/free-port.ts";
import { eventually } from "../../testing/cluster.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../testing/docker-registry.ts";
import { noPostgresServer, startPostgresServer } from "../../testing/postgres-server.ts";
import { noPrometheus, type PrometheusServer, startPrometheus } from "../../testing/prometheus.ts";
import { deleteManifest, pushImage } from "../../testing/push.ts";
import { type Serving, serving } from "../../testing/serving.ts";

/** The chart's own rules, but that they wait for a second, and look back for seconds instead of an hour or minutes. */
const RULES = readFileSync("deploy/chart/files/alerts.yaml", "utf8")
  .replaceAll(/for: \d+m/g, "for: 1s")
  .replaceAll("offset 1h", "offset 5s")
  .replaceAll("[15m]", "[15s]");

const TOKEN = "0123456789abcdef";
const sha256 = createHash("sha256").update(TOKEN).digest("hex");
/** Milliseconds for a fault to be seen, scraped and evaluated. */
const SEEN_MS = 30_000;

describe("alerts on real faults", { skip: noPrometheus || noDockerRegistry, timeout: 240_000 }, () => {
  let folder: string;
  let registry: DockerRegistry;
  let file: string;
  let target: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "alerts-"));
    registry = await startDockerRegistry();
    for (const [version, day] of [
      ["1.0.0", 1],
      ["1.1.0", 2],
    ] as const)
      await push("team/executor-ml", version, day);
    const port = await freePort();
    target = `127.0.0.1:${port}`;
    file = join(folder, "registry.yaml");
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const push = (repository: string, tag: string, day: number) =>
    pushImage(registry, repository, tag, { created: new Date(Date.UTC(2026, 0, day)).toISOString() });
  const configure = (store: string): Promise<void> =>
    writeFile(
      file,
      `listen: { host: 127.0.0.1, port: ${target.split(":")[1]} }
store: "${store}"
sources:
  - { name: own, kind: oci, host: "${registry.host}", insecure: true, repositories: [team/executor-ml, other/executor-nlp], interval: 1s, jitter: 0 }
checks: { approvedNamespaces: ["${registry.host}/team/*"] }
auth: { tokens: [{ name: ops, role: operator, sha256: ${sha256} }] }
`,
    );

  /** The names of the alerts that fire. */
  const firing = async (prometheus: PrometheusServer): Promise<readonly string[]> =>
    (await prometheus.alerts())
      .filter(({ state }) => state === "firing")
      .map(({ labels }) => (labels["alertname"] ?? "").replace(/^ExecutorRegistry/, ""))
      .sort((a, b) => a.localeCompare(b));
  /** Waits until these fire, and no others do by then. */
  const fires = async (prometheus: PrometheusServer, ...expected: readonly string[]): Promise<void> => {
    let seen: readonly string[] = [];
    try {
      await eventually("the alert", SEEN_MS, async () => {
        seen = await firing(prometheus);
        return expected.every((name) => seen.includes(name)) ? true : undefined;
      });
    } catch (error) {
      throw new Error(`expected ${expected.join(", ")}; there fires ${seen.join(", ") || "nothing"}`, { cause: error });
    }
    assert.deepEqual(seen, expected);
  };
  /** Waits until nothing fires any more, nor is about to. */
  const quiet = async (prometheus: PrometheusServer): Promise<void> => {
    await eventually("nothing to fire", SEEN_MS, async () =>
      (await prometheus.alerts()).length === 0 ? true : undefined,
    );
  };
  const scraped = (prometheus: PrometheusServer, times: number): Promise<unknown> =>
    eventually("scrapes", SEEN_MS, async () => {
      const [count] = await prometheus.query("count_over_time(executor_registry_ready[5m])");
      return (count?.value ?? 0) >= times ? true : undefined;
    });
  const pin = async ({ url }: Serving, to: string): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const body = JSON.stringify({ to, reason: "a test" });
    const { status } = await fetch(`${url}/executors/ml/pin`, { method: "PUT", headers, body });
    assert.equal(status, 200);
  };

  test("fire for a registry that is down, a refused configuration, a rejected image, a pin whose version is gone, a locked store, a changed journal and a killed service, and for nothing else", async () => {
    const database = join(folder, "catalogue.db");
    await configure(`sqlite:${database}`);
    let service = await serving(file);
    try {
      await using prometheus = await startPrometheus({ targets: [target], rules: RULES, interval: "500ms" });
      await scraped(prometheus, 14);
      assert.deepEqual(await prometheus.alerts(), []);

      await registry.stop();
      await fires(prometheus, "SourceFailing");
      await registry.start();
      await quiet(prometheus);

      await appendFile(file, "storage: none\n");
      await fires(prometheus, "ConfigurationRefused");
      await configure(`sqlite:${database}`);
      await quiet(prometheus);

      await push("other/executor-nlp", "1.0.0", 3);
      await fires(prometheus, "ImageRejected");
      const [rejected] = await prometheus.alerts();
      assert.equal(rejected?.labels["check"], "approved-namespace");
      await quiet(prometheus);

      await pin(service, "1.1.0");
      const { digest } = (await (await fetch(`${service.url}/executors/ml`)).json()) as { digest: Digest };
      await deleteManifest(registry, "team/executor-ml", digest);
      await fires(prometheus, "PinInvalid");
      await pin(service, "1.0.0");
      await quiet(prometheus);

      const holder = new DatabaseSync(database);
      holder.exec("BEGIN IMMEDIATE");
      await push("team/executor-ml", "1.2.0", 4);
      await fires(prometheus, "StoreDown");
      holder.exec("ROLLBACK");
      holder.close();
      await quiet(prometheus);

      service.signal("SIGINT");
      await service.ended;
      await fires(prometheus, "Down");
      const meddler = new DatabaseSync(database);
      meddler.exec("UPDATE entries SET entry = replace(entry, 'system', 'mallory') WHERE sequence = 1");
      meddler.close();
      service = await serving(file);
      await eventually("the verification", SEEN_MS, async () =>
        (await firing(prometheus)).includes("Down") ? undefined : true,
      );
      await fires(prometheus, "JournalBroken");
    } finally {
      await service[Symbol.asyncDispose]();
    }
  });

  test("fire for a database that is away, and end when it is back", { skip: noPostgresServer }, async () => {
    await using postgres = await startPostgresServer();
    await configure(postgres.address);
    await using service = await serving(file);
    await using prometheus = await startPrometheus({ targets: [target], rules: RULES, interval: "500ms" });
    await scraped(prometheus, 14);
    assert.deepEqual(await prometheus.alerts(), []);
    await postgres.stop();
    await fires(prometheus, "StoreDown");
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200, "answers stand");
    await postgres.start();
    await quiet(prometheus);
  });
});
