import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { describe, test } from "node:test";
import { kubernetesServer, type KubernetesServer } from "../../../testing/kubernetes-server.ts";
import { manualClock, type ManualClock } from "../../../testing/manual-clock.ts";
import type { ResolverOptions } from "./options.ts";
import { createResolver } from "./resolver.ts";
import type { Resolver } from "./contract/resolver.ts";

// A cluster where an undone build is declared and a newer one is on the node, and whose server fails in all the ways it can.

const DOCUMENTS = {
  "/version": { major: "1", minor: "37" },
  "/apis/batch/v1": { resources: [{ name: "cronjobs" }] },
  "/api/v1/namespaces/default": { metadata: { name: "default" } },
};
const pod = (image: string): object => ({
  spec: { containers: [{ name: "executor", image, env: [{ name: "SEED", value: "42" }] }] },
});
const cronJob = (image: string): object => ({
  spec: { suspend: true, jobTemplate: { spec: { template: pod(image) } } },
});
const deployment = (image: string): object => ({ spec: { replicas: 0, template: pod(image) } });
const CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

interface World extends AsyncDisposable {
  readonly server: KubernetesServer;
  readonly clock: ManualClock;
  readonly resolver: Resolver;
  /** Lets the next try begin, once one waits; longer waits are no back-offs of the first tries. */
  tryAgain(): Promise<void>;
}

async function cluster(
  prepare: (server: KubernetesServer) => void,
  options: Partial<ResolverOptions> = {},
  documents: Readonly<Record<string, object>> = DOCUMENTS,
): Promise<World> {
  const server = await kubernetesServer(documents);
  const clock = manualClock();
  const node = ["new", "old"].map((tag) => ({ names: [`docker.io/library/executor-ml:${tag}`], sizeBytes: 1 }));
  server.put("node-1", { status: { images: node } }, "nodes");
  prepare(server);
  const kubernetes = server.api(clock);
  const resolver = createResolver({
    environment: "development",
    kubernetes,
    ledger: "off",
    clock,
    random: () => 0.5,
    ...options,
  });
  return {
    server,
    clock,
    resolver,
    async tryAgain() {
      let ms = await clock.nextSleep();
      for (; ms >= 5000; ms = await clock.nextSleep()) await setImmediate();
      await clock.advance(ms);
    },
    async [Symbol.asyncDispose]() {
      const closed = resolver.close();
      await clock.advance(2000);
      await closed;
      kubernetes.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Refuses what is asked for at these paths. */
const refuse = (server: KubernetesServer, status: number, ...paths: string[]): void =>
  server.refuse(status, { match: ({ path }) => paths.includes(path) });

/** What every way of asking says, after the patience for a source that was never read. */
async function ask({ resolver, clock }: World): Promise<readonly unknown[]> {
  await resolver.sources();
  const stop = new AbortController();
  const watched = resolver.watch("ml", { signal: stop.signal })[Symbol.asyncIterator]().next();
  const all = resolver.watch(undefined, { signal: stop.signal })[Symbol.asyncIterator]().next();
  const asked = Promise.allSettled([resolver.resolve("ml"), resolver.list(), watched, all]);
  await setImmediate();
  await clock.advance(10_000);
  const told = await asked;
  stop.abort();
  return told.map((result) => (result.status === "fulfilled" ? result.value : (result.reason as unknown)));
}

describe("dev-01: a declaration that cannot be read", { timeout: 30_000 }, () => {
  for (const status of [503, 429, 500, 504]) {
    test(`${status} once: the declared build with its template is the first answer, not the one on the node`, async () => {
      await using world = await cluster((server) => {
        server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs");
        refuse(server, status, CRON_JOBS);
      });
      const { resolver, server } = world;
      const answer = resolver.resolve("ml");
      await resolver.sources();
      server.accept();
      await world.tryAgain();
      const { image, source, stale, template } = await answer;
      assert.deepEqual([image, source, stale], ["executor-ml:old", "declared", false]);
      assert.match(JSON.stringify(template), /"SEED","value":"42"/);
    });
  }

  for (const [name, path, status] of [
    ["CronJobs, 500", CRON_JOBS, 500],
    ["CronJobs, 503", CRON_JOBS, 503],
    ["discovery of batch/v1, 503", "/apis/batch/v1", 503],
    ["Deployments, 429", DEPLOYMENTS, 429],
    ["the ConfigMap, 500", CONFIG_MAPS, 500],
  ] as const) {
    test(`for as long as it lasts (${name}) is an error of every call that can be tried again`, async () => {
      await using world = await cluster((server) => refuse(server, status, path));
      const [resolved, ...others] = (await ask(world)) as Error[];
      assert.match(
        resolved?.message ?? "",
        /^(?:declared executors .* of namespace default|ConfigMap executors of namespace default) could not be read yet, so the image of executor type "ml" is not known: GET \//,
      );
      for (const error of [resolved, ...others]) {
        assert.equal((error as Error).name, "SourceUnreadError");
        assert.equal((error as { retryable?: boolean }).retryable, true);
      }
      // Once it is known to last, nobody waits.
      await assert.rejects(world.resolver.resolve("ml"), { name: "SourceUnreadError" });
    });
  }

  test("because the server never answers is an error once its time is over", async () => {
    await using world = await cluster((server) => refuse(server, 0, CRON_JOBS));
    const { resolver, clock, server } = world;
    const answer = assert.rejects(resolver.resolve("ml"), { name: "SourceUnreadError", code: "timeout" });
    while (!server.requests.some(({ path }) => path === CRON_JOBS)) await setImmediate();
    await clock.advance(30_000);
    await resolver.sources();
    await setImmediate();
    await clock.advance(10_000);
    await answer;
  });

  test("Deployments alone, while CronJobs are read: what a CronJob declares is certain", async () => {
    await using world = await cluster((server) => {
      server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs");
      refuse(server, 503, DEPLOYMENTS);
    });
    const { resolver } = world;
    await resolver.sources();
    const { image, stale } = await resolver.resolve("ml");
    assert.deepEqual([image, stale], ["executor-ml:old", false]);
  });

  test("CronJobs alone, while Deployments are read: no Deployment answers in their place", async () => {
    await using world = await cluster((server) => {
      server.put("executor-ml", deployment("executor-ml:new"), "deployments");
      refuse(server, 503, CRON_JOBS);
    });
    const [resolved] = await ask(world);
    assert.equal((resolved as Error).name, "SourceUnreadError");
    world.server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs");
    world.server.accept();
    await world.tryAgain();
    for (;;) {
      const answer = await world.resolver.resolve("ml").catch(() => undefined);
      if (answer) return assert.equal(answer.image, "executor-ml:old");
      await setImmediate();
    }
  });

  test("any more: its last answer stands, marked stale", async () => {
    await using world = await cluster((server) => server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs"));
    const { resolver, server } = world;
    assert.equal((await resolver.resolve("ml")).stale, false);
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    await changes.next();
    refuse(server, 503, CRON_JOBS);
    server.drop();
    await world.tryAgain();
    const { value } = (await changes.next()) as { value: { resolution?: { image: string; stale: boolean } } };
    assert.deepEqual([value.resolution?.image, value.resolution?.stale], ["executor-ml:old", true]);
    const [listed] = await resolver.list();
    assert.deepEqual([listed?.image, listed?.stale], ["executor-ml:old", true]);
    await changes.return?.();
  });

  test("any more, and that declared nothing for the type: the node answers with a warning", async () => {
    await using world = await cluster(() => {});
    const { resolver, server } = world;
    assert.deepEqual((await resolver.resolve("ml")).warnings, []);
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    await changes.next();
    refuse(server, 503, CRON_JOBS);
    server.drop();
    await world.tryAgain();
    await changes.next();
    const { source, warnings } = await resolver.resolve("ml");
    assert.equal(source, "nodes");
    assert.match(
      warnings.join("\n"),
      /^declared executors .* could not be read since 2026-.*; if ml was declared there since, it is not known$/m,
    );
    await changes.return?.();
  });

  test("that is deleted and created again: meanwhile the node answers with a warning that says when", async () => {
    await using world = await cluster((server) => server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs"));
    const { resolver, server } = world;
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    const image = async () =>
      ((await changes.next()).value as { resolution: { image: string; warnings: string[] } }).resolution;
    assert.equal((await image()).image, "executor-ml:old");
    server.remove("executor-ml", "cronjobs");
    const meanwhile = await image();
    assert.equal(meanwhile.image, "docker.io/library/executor-ml:old".replace(":old", meanwhile.image.slice(-4)));
    assert.match(meanwhile.warnings.join("\n"), /^CronJob\/executor-ml, which declared ml, was removed at 2026-/m);
    server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs");
    assert.deepEqual([(await image()).image, (await resolver.resolve("ml")).warnings], ["executor-ml:old", []]);
    await changes.return?.();
  });
});

describe("dev-02: a declaration that may not be read", { timeout: 30_000 }, () => {
  const by = 'User "system:serviceaccount:default:tester" cannot list resource';
  const forbid = (server: KubernetesServer, ...paths: string[]): void =>
    server.refuse(403, {
      match: ({ path }) => paths.includes(path),
      body: JSON.stringify({ kind: "Status", code: 403, reason: "Forbidden", message: `forbidden: ${by}` }),
    });

  test("is a warning of every answer: which, by whom, and what it means; and declaring it is no advice", async () => {
    await using world = await cluster((server) => forbid(server, CRON_JOBS, DEPLOYMENTS, CONFIG_MAPS));
    const answers = (await ask(world)) as readonly [
      object,
      readonly object[],
      { value: { resolution: object } },
      { value: { resolution: object } },
    ];
    const all = [answers[0], answers[1][0], answers[2].value.resolution, answers[3].value.resolution];
    for (const answer of all) {
      const { source, warnings, advice } = answer as { source: string; warnings: readonly string[]; advice?: string };
      assert.equal(source, "nodes");
      assert.deepEqual(warnings.slice(0, 2), [
        "declared executors (CronJobs and Deployments) of namespace default may not be read by ServiceAccount default/tester " +
          "(RBAC has to allow get, list and watch of cronjobs.batch and deployments.apps); if ml is declared there, this is not the image that is meant",
        "ConfigMap executors of namespace default may not be read by ServiceAccount default/tester " +
          "(RBAC has to allow get, list and watch of configmaps); if ml is declared there, this is not the image that is meant",
      ]);
      assert.match(advice ?? "", /^let this resolver read what is declared/);
    }
  });

  test("in one of two kinds: a Deployment answers with a warning that CronJobs are not seen", async () => {
    await using world = await cluster((server) => {
      server.put("executor-ml", deployment("executor-ml:new"), "deployments");
      forbid(server, CRON_JOBS);
    });
    const { image, warnings } = await world.resolver.resolve("ml");
    assert.equal(image, "executor-ml:new");
    assert.deepEqual(warnings, [
      "CronJobs of namespace default may not be read by ServiceAccount default/tester " +
        "(RBAC has to allow get, list and watch of cronjobs.batch); what they declare is not seen",
    ]);
  });

  test("in one of two kinds, and declared by none: the node answers with that warning", async () => {
    await using world = await cluster((server) => forbid(server, DEPLOYMENTS));
    const { source, warnings, ambiguous, advice } = await world.resolver.resolve("ml");
    assert.equal(source, "nodes");
    assert.equal(ambiguous, true);
    assert.doesNotMatch(advice ?? "", /declare it/);
    await assert.rejects(world.resolver.resolve("nope"), (error: Error) => {
      assert.match(
        error.message,
        /^declared may not be read, and no other source knows an image of executor type "nope"/,
      );
      assert.match(error.message, /resources: \[deployments\]/);
      return true;
    });
    assert.match(
      warnings.join("\n"),
      /^Deployments of namespace default may not be read by ServiceAccount default\/tester/m,
    );
  });

  test("may be listed and not watched: it is listed again and again, marked stale", async () => {
    await using world = await cluster((server) => {
      server.put("executor-ml", cronJob("executor-ml:old"), "cronjobs");
      server.refuse(403, { match: ({ path, query }) => path === CRON_JOBS && query.has("watch") });
    });
    const { resolver, server, clock } = world;
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    await changes.next();
    const next = async (): Promise<string> => {
      const change = changes.next();
      await world.tryAgain();
      const { value } = (await change) as { value: { resolution: { image: string; stale: boolean } } };
      return `${value.resolution.image} ${value.resolution.stale}`;
    };
    const first = await resolver.resolve("ml");
    if (!first.stale) assert.equal(await next(), "executor-ml:old true");
    server.put("executor-ml", cronJob("executor-ml:older"), "cronjobs");
    assert.equal(await next(), "executor-ml:older true");
    assert.ok(clock.now() > 0);
    await changes.return?.();
  });
});

describe("a namespace that does not exist", { timeout: 30_000 }, () => {
  const { "/api/v1/namespaces/default": _, ...elsewhere } = DOCUMENTS;
  const missing = "namespace default does not exist, so nothing is declared in it; create it or name another one";
  const start = (): Promise<World> =>
    cluster((server) => refuse(server, 404, "/api/v1/namespaces/default"), {}, elsewhere);

  test("is a warning of what the nodes answer, and of the sources", async () => {
    await using world = await start();
    const { source, warnings } = await world.resolver.resolve("ml");
    assert.equal(source, "nodes");
    assert.deepEqual(warnings, [missing]);
    assert.deepEqual((await world.resolver.sources())[0]?.notes, [missing]);
    await assert.rejects(world.resolver.resolve("etl"), {
      code: "unknown-type",
      message: /namespace default does not/,
    });
  });

  test("is gone once it was created", async () => {
    await using world = await start();
    const changes = world.resolver.watch("ml")[Symbol.asyncIterator]();
    await changes.next();
    world.server.accept();
    const change = changes.next();
    await world.clock.advance(5000);
    const { value } = (await change) as { value: { resolution: { warnings: readonly string[] } } };
    assert.deepEqual(value.resolution.warnings, []);
    await changes.return?.();
  });

  test("that may not be looked at is not said to be missing", async () => {
    await using world = await cluster((server) => refuse(server, 403, "/api/v1/namespaces/default"), {}, elsewhere);
    assert.deepEqual((await world.resolver.resolve("ml")).warnings, []);
  });
});
