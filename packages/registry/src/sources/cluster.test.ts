import assert from "node:assert/strict";
import { test } from "node:test";
import { createResolver, type ExecutorDocument } from "@executor-registry/resolver";
import { clusterService } from "../../../../testing/cluster-service.ts";
import { kubernetesServer, type KubernetesServer } from "../../../../testing/kubernetes-server.ts";
import { eventually } from "../../../../testing/cluster.ts";

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
    answers: (path: string, expected: (got: Got) => boolean) =>
      eventually(`the expected answer of ${path}`, 10_000, async () => {
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
  const { body } = await world.answers("/readyz", (got) => /no source could be read/.test(got.body.reason ?? ""));
  assert.equal(body.status, "starting");
  cluster.accept();
  await world.answers("/readyz", ({ status }) => status === 200);
  assert.equal((await world.get("/executors/ml")).body.image, build("a"));
});

test("a reload keeps a cluster's answers while it connects anew, and drops those of one it does not name", async () => {
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
