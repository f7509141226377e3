import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createResolver, type ExecutorDocument, silentLogger } from "@executor-registry/resolver";
import { clusterService } from "../../../../../testing/cluster-service.ts";
import { kubernetesServer, type KubernetesServer } from "../../../../../testing/kubernetes-server.ts";
import { eventually } from "../../../../../testing/cluster.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { ClusterSource } from "./cluster.ts";

const build = (letter: string): string => `executor-ml:${letter.repeat(64)}`;

/** What the answers used here hold, together. */
interface Body extends Partial<ExecutorDocument> {
  readonly status?: string;
  readonly sources?: readonly { readonly state: string }[];
  readonly candidates?: readonly object[];
}

interface Got {
  readonly status: number;
  readonly body: Body;
}

/** A service that watches a double of a cluster's API server, and what it answers. */
async function watching(cluster: KubernetesServer) {
  const { service, config, ...ending } = await clusterService(cluster);
  const get = async (path: string): Promise<Got> => {
    const response = await fetch(`${service.url}${path}`);
    return { status: response.status, body: (await response.json()) as Body };
  };
  return {
    service,
    config,
    get,
    answers: (path: string, expected: (got: Got) => boolean, ms = 10_000) =>
      eventually(`the expected answer of ${path}`, ms, async () => {
        const got = await get(path);
        return expected(got) ? got : undefined;
      }),
    [Symbol.asyncDispose]: () => ending[Symbol.asyncDispose](),
  };
}

const declare = (cluster: KubernetesServer, images: Readonly<Record<string, string>>): void =>
  void cluster.put("executors", { data: images });

test("a cluster's executors are served, and every change of them", async () => {
  await using cluster = await kubernetesServer();
  declare(cluster, { ml: build("a") });
  await using world = await watching(cluster);
  const { body } = await world.answers("/executors/ml", ({ status }) => status === 200);
  assert.equal(body.image, build("a"));
  assert.deepEqual([body.source, body.decidedBy, body.ambiguous, body.validated], ["kind", "declared", false, false]);
  assert.equal(body.live?.candidates[0]?.image, build("a"));
  assert.deepEqual((await world.get("/executors/ml/versions")).body.candidates, body.live?.candidates);

  const resolver = createResolver({ environment: "production", registry: { url: world.service.url } });
  try {
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.resolution?.image, build("a"));
    declare(cluster, { ml: build("b"), nlp: "r.test/executor-nlp:1" });
    assert.equal((await changes.next()).value?.resolution?.image, build("b"));
    declare(cluster, { nlp: "r.test/executor-nlp:1" });
    assert.equal((await changes.next()).value?.resolution, undefined);
    await changes.return?.();
  } finally {
    await resolver.close();
  }
  assert.deepEqual(Object.keys((await world.get("/executors")).body), ["nlp"]);
});

test("a cluster out of reach leaves the last answers, and says since when", async () => {
  await using cluster = await kubernetesServer();
  declare(cluster, { ml: build("a") });
  await using world = await watching(cluster);
  await world.answers("/executors/ml", ({ status }) => status === 200);
  assert.equal((await world.get("/health")).body.status, "ok");

  cluster.refuse(503);
  cluster.drop();
  const { body } = await world.answers("/executors/ml", (got) => got.body.live?.staleSince !== undefined);
  assert.equal(body.image, build("a"));
  const health = await world.answers("/health", (got) => got.body.status === "degraded");
  assert.equal(health.body.sources?.[0]?.state, "failing");
  assert.equal((await world.get("/readyz")).status, 200);

  const resolver = createResolver({ environment: "production", registry: { url: world.service.url } });
  const answer = await resolver.resolve("ml");
  assert.deepEqual([answer.stale, answer.staleSince], [true, body.live?.staleSince]);
  await resolver.close();

  cluster.accept();
  await world.answers("/executors/ml", (got) => got.body.live?.staleSince === undefined);
  await world.answers("/health", (got) => got.body.status === "ok");
});

test("a cluster that was never reached keeps the service from being ready, until it is", async () => {
  await using cluster = await kubernetesServer();
  declare(cluster, { ml: build("a") });
  cluster.refuse(503);
  await using world = await watching(cluster);
  // A cluster that sheds load for a moment is waited for.
  const unread = (got: Got): boolean => /no source could be read/.test(got.body.reason ?? "");
  const { body } = await world.answers("/readyz", unread, 25_000);
  assert.equal(body.status, "starting");
  cluster.accept();
  await world.answers("/readyz", ({ status }) => status === 200);
  assert.equal((await world.get("/executors/ml")).body.image, build("a"));
});

test("a reload keeps a cluster's answers while it connects again, and drops those of one it does not name", async () => {
  await using cluster = await kubernetesServer();
  declare(cluster, { ml: build("a") });
  await using world = await watching(cluster);
  await world.answers("/executors/ml", ({ status }) => status === 200);
  assert.equal((await world.get("/readyz")).status, 200);
  cluster.refuse(503);
  await world.service.reconfigure(world.config);
  assert.equal((await world.get("/executors/ml")).body.image, build("a"));
  assert.equal((await world.get("/readyz")).status, 200);
  await world.service.reconfigure({ ...world.config, sources: [] });
  assert.equal((await world.get("/executors/ml")).status, 404);
});

/** A source of its own, whose time the test lets pass. */
async function source(kubeconfig: string) {
  const clock = manualClock();
  const cluster = new ClusterSource({
    name: "kind",
    from: ["configmap"],
    configMap: "executors",
    ledger: "off",
    template: "executor-{type}",
    kubernetes: { kubeconfig },
    clock,
    random: () => 0.5,
    log: silentLogger,
  });
  const ending = new AbortController();
  const known = new Map<string, string>();
  const answers = {
    reset: (documents: ReadonlyMap<string, ExecutorDocument>) => {
      for (const [type, { image }] of documents) known.set(type, image);
    },
    set: () => {},
  };
  const running = cluster.run(answers, ending.signal);
  return {
    cluster,
    known,
    /** Lets time pass bit by bit until it holds. */
    until: (what: string, holds: () => boolean) =>
      eventually(what, 10_000, async () => {
        if (holds()) return true;
        await clock.advance(500);
        return undefined;
      }),
    async [Symbol.asyncDispose]() {
      ending.abort(new Error("enough"));
      await running;
    },
  };
}

test("red-16: a cluster that never answers is said to be out of reach within ten seconds, and read when it answers", async () => {
  await using api = await kubernetesServer();
  declare(api, { ml: build("a") });
  api.refuse(0);
  const folder = await mkdtemp(join(tmpdir(), "cluster-source-"));
  const file = join(folder, "config");
  await writeFile(file, kubeconfig(api.url));
  {
    await using world = await source(file);
    assert.equal(world.cluster.health.state, "starting");
    await api.seen(1);
    await world.until("that it is out of reach", () => world.cluster.health.state === "failing");
    assert.deepEqual(world.cluster.health.problem, {
      code: "timeout",
      message: "the cluster was not read within 10 s; it is still tried",
    });
    api.accept();
    api.drop();
    await world.until("that it is read", () => world.cluster.health.state === "ready");
    assert.equal(world.known.get("ml"), build("a"));
  }
  await rm(folder, { recursive: true });
});

test("a cluster whose kubeconfig cannot be read is reported, tried again, and read once it can be", async () => {
  await using api = await kubernetesServer();
  declare(api, { ml: build("a") });
  const folder = await mkdtemp(join(tmpdir(), "cluster-source-"));
  const file = join(folder, "config");
  {
    await using world = await source(file);
    await world.until("that it is reported", () => world.cluster.health.state === "failing");
    assert.match(world.cluster.health.problem?.message ?? "", new RegExp(file));
    await writeFile(file, kubeconfig(api.url));
    await world.until("that it is read", () => world.cluster.health.state === "ready");
    assert.equal(world.known.get("ml"), build("a"));
  }
  await rm(folder, { recursive: true });
});

const kubeconfig = (url: URL): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url.href } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
