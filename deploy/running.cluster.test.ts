import assert from "node:assert/strict";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ChartRelease, installChart, isReady } from "../testing/chart-release.ts";
import { eventually, type TestNamespace, testNamespace } from "../testing/cluster.ts";
import { DISPATCHER_IMAGE, noOwnImages, SERVICE_IMAGE } from "../testing/cluster-images.ts";
import { type ClusterNetwork, clusterNetwork, POD_DNS } from "../testing/cluster-network.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../testing/docker-registry.ts";
import { noHelm } from "../testing/helm.ts";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../testing/postgres-server.ts";
import { pushImage } from "../testing/push.ts";

const skip = noOwnImages || noHelm || noDockerRegistry || noPostgresServer;
const PASSWORD = "not-for-production";

const [repository, tag] = SERVICE_IMAGE.split(":");
const OWN_IMAGE = { repository, tag, pullPolicy: "Never" };

/** A configuration with one registry, which speaks plain HTTP. */
const configOf = (address: string): object => ({
  sources: [{ name: "own", kind: "oci", host: `${address}:5000`, insecure: true, repositories: ["team/executor-*"] }],
  checks: { approvedNamespaces: [`${address}:5000/team/*`] },
});

/** What the asking pod prints. */
interface Report {
  readonly library: { readonly asked: number; readonly failed: number; readonly stale: number };
  readonly plain: { readonly asked: number; readonly failed: number };
  readonly problems: readonly string[];
}

describe("the chart's pods, three of them on PostgreSQL", { skip }, () => {
  let space: TestNamespace;
  let network: ClusterNetwork;
  let registry: DockerRegistry;
  let postgres: PostgresServer;
  let release: ChartRelease;
  let url: string;
  const path = (rest: string) => `/api/v1/namespaces/${space.name}/${rest}` as const;

  before(async () => {
    space = await testNamespace("running");
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const body = { metadata: { labels } };
    const contentType = "application/merge-patch+json";
    await space.api.request(`/api/v1/namespaces/${space.name}`, { method: "PATCH", contentType, body });
    network = await clusterNetwork(space);
    registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0");
    // Pods come from their own addresses.
    postgres = await startPostgresServer({ hba: ["local all all trust", "host all all all scram-sha-256"] });
    postgres.sql(`ALTER USER executor PASSWORD '${PASSWORD}'`);
    await space.api.request(path("secrets"), {
      method: "POST",
      body: { metadata: { name: "database" }, stringData: { password: PASSWORD } },
    });
    const registryAddress = await network.lead("images", 5000, registry.host);
    const databaseAddress = await network.lead("database", 5432, `127.0.0.1:${postgres.port}`);

    const began = performance.now();
    release = await installChart(space, {
      image: OWN_IMAGE,
      replicaCount: 3,
      ...POD_DNS,
      store: {
        kind: "postgres",
        address: `postgres://executor@${databaseAddress}/executor?sslmode=disable`,
        passwordSecret: { name: "database", key: "password" },
      },
      config: configOf(registryAddress),
    });
    url = `http://${await network.follow("registry-executor-registry")}`;
    await startAsking(`http://registry-executor-registry.${space.name}`);
    console.log(`from helm install to the first executor in a pod: ${Math.round(performance.now() - began)} ms`);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  /** Starts a pod that asks a hundred times a second, and waits for its first answer. */
  async function startAsking(url: string): Promise<void> {
    const ask = readFileSync("testing/pods/ask.ts", "utf8");
    await space.api.request(path("configmaps"), {
      method: "POST",
      body: { metadata: { name: "ask" }, data: { "ask.ts": ask } },
    });
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    };
    const container = {
      name: "ask",
      image: DISPATCHER_IMAGE,
      imagePullPolicy: "Never",
      // Below the folder of the library, so that it is found.
      command: ["node", "--conditions=executor-registry-source", "/app/ask/ask.ts"],
      env: [{ name: "EXECUTOR_REGISTRY_URL", value: url }],
      securityContext,
      volumeMounts: [{ name: "ask", mountPath: "/app/ask" }],
    };
    const spec = { ...POD_DNS, containers: [container], volumes: [{ name: "ask", configMap: { name: "ask" } }] };
    await space.api.request(path("pods"), { method: "POST", body: { metadata: { name: "ask" }, spec } });
    const first = await eventually("a first answer", 60_000, async () => (await printed())[0]);
    assert.match(JSON.stringify(first), /executor-ml@sha256:/);
  }

  async function printed(): Promise<readonly unknown[]> {
    const log = await release.kubectl("logs", "ask").catch(() => "");
    return log.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  }
  const report = async (): Promise<Report> => (await printed()).at(-1) as Report;

  /** What was asked while something went on, and three seconds more. */
  async function askedDuring(work: () => Promise<void>): Promise<Report> {
    const before = await report();
    await work();
    const done = (await report()).library.asked;
    const after = await eventually("three seconds more", 30_000, async () => {
      const now = await report();
      return now.library.asked > done + 300 ? now : undefined;
    });
    return {
      library: {
        asked: after.library.asked - before.library.asked,
        failed: after.library.failed - before.library.failed,
        stale: after.library.stale - before.library.stale,
      },
      plain: { asked: after.plain.asked - before.plain.asked, failed: after.plain.failed - before.plain.failed },
      problems: after.problems,
    };
  }

  test("run under Pod Security's restricted profile, answer, and can be scraped", async () => {
    const pods = await release.pods();
    assert.equal(pods.filter(isReady).length, 3);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /^executor_registry_executors 1$/m);
    const { status, sources } = (await (await fetch(`${url}/health`)).json()) as { status: string; sources: object[] };
    assert.deepEqual([status, sources.length], ["ok", 1]);
  });

  test("`helm test` asks through the Service", async () => {
    assert.match(await release.helm("test", release.name, "--timeout", "60s"), /Phase: +Succeeded/);
  });

  test("`rollout restart` fails no resolution", async (context) => {
    const earlier = new Set((await release.pods()).map(({ metadata }) => metadata.name));
    const during = await askedDuring(async () => {
      await release.kubectl("rollout", "restart", "deployment/registry-executor-registry");
      await release.kubectl("rollout", "status", "deployment/registry-executor-registry", "--timeout=120s");
      await release.settled(3);
    });
    context.diagnostic(JSON.stringify(during));
    assert.ok((await release.pods()).every(({ metadata }) => !earlier.has(metadata.name)));
    assert.deepEqual(
      [during.library.failed, during.library.stale, during.plain.failed],
      [0, 0, 0],
      during.problems.join("\n"),
    );
  });

  test("a drain takes one pod at a time, and fails no resolution", async (context) => {
    const selector = "--pod-selector=app.kubernetes.io/instance=registry,app.kubernetes.io/name=executor-registry";
    const [node = ""] = (await release.kubectl("get", "nodes", "--output=name")).trim().split("\n");
    const during = await askedDuring(async () => {
      try {
        // The only node, so the first pod that is evicted comes back nowhere, and the next ones may not go.
        const drained = release.kubectl("drain", node, selector, "--timeout=15s", "--force", "--delete-emptydir-data");
        await assert.rejects(drained, /global timeout reached|disruption budget/);
        await eventually("one pod that waits for a node", 30_000, async () => {
          const pods = await release.pods();
          const pending = pods.filter(({ status }) => status.phase === "Pending");
          return (pods.length === 3 && pending.length === 1 && pods.filter(isReady).length === 2) || undefined;
        });
      } finally {
        await release.kubectl("uncordon", node);
      }
      await release.settled(3);
    });
    context.diagnostic(JSON.stringify(during));
    assert.deepEqual(
      [during.library.failed, during.library.stale, during.plain.failed],
      [0, 0, 0],
      during.problems.join("\n"),
    );
  });

  test("a changed configuration is taken over without a restart", async () => {
    const before = (await release.pods()).map(({ metadata }) => metadata.name).sort();
    const changed = ["--reuse-values", "--set-json", 'config.log={"level":"debug"}'];
    await release.helm("upgrade", release.name, "deploy/chart", ...changed);
    // The kubelet looks at mounted files again when a pod changes, else within a minute.
    await release.kubectl("annotate", "pods", "--selector=app.kubernetes.io/instance=registry", "test/look=again");
    await eventually("the new configuration in every pod", 180_000, async () => {
      const logs = await Promise.all(before.map((name) => release.kubectl("logs", name)));
      return logs.every((log) => log.includes("the new configuration is in force")) || undefined;
    });
    assert.deepEqual((await release.pods()).map(({ metadata }) => metadata.name).sort(), before);
  });
});

describe("the chart's pod, one of it on SQLite", { skip: noOwnImages || noHelm || noDockerRegistry }, () => {
  test("goes on with its journal after it was deleted", async (context) => {
    await using space = await testNamespace("sqlite");
    const folder = mkdtempSync(join(tmpdir(), "volume-"));
    context.after(() => rmSync(folder, { recursive: true }));
    chownSync(folder, 65_532, 65_532);
    // No provisioner here: a volume that is made by hand, for the claim of the chart.
    const name = `${space.name}-state`;
    await space.api.request("/api/v1/persistentvolumes", {
      method: "POST",
      body: {
        metadata: { name },
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          storageClassName: name,
          persistentVolumeReclaimPolicy: "Retain",
          hostPath: { path: folder },
        },
      },
    });
    context.after(() => space.api.request(`/api/v1/persistentvolumes/${name}`, { method: "DELETE" }));
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0");
    await using network = await clusterNetwork(space);
    const release = await installChart(space, {
      image: OWN_IMAGE,
      ...POD_DNS,
      store: { persistence: { storageClassName: name, size: "1Gi", keep: false } },
      config: configOf(await network.lead("images", 5000, registry.host)),
    });
    const url = `http://${await network.follow("registry-executor-registry")}`;
    const head = async (): Promise<{ sequence: number; hash: string }> =>
      ((await (await fetch(`${url}/health`)).json()) as { journal: { sequence: number; hash: string } }).journal;
    const [pod] = await release.pods();
    const before = await head();
    await release.kubectl("delete", "pod", pod?.metadata.name ?? "");
    await release.settled(1);
    assert.notEqual((await release.pods())[0]?.metadata.name, pod?.metadata.name);
    const after = await eventually("an answer of the next pod", 30_000, () => head().catch(() => undefined));
    assert.deepEqual([after.sequence, after.hash], [before.sequence, before.hash]);
    assert.ok(after.sequence > 0);
  });
});
