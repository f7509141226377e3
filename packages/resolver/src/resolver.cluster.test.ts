import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  cronJobsOf,
  eventually,
  minorVersion,
  noCluster,
  type TestNamespace,
  testNamespace,
} from "../../../testing/cluster.ts";
import { serviceAccount } from "../../../testing/service-account.ts";
import type { KubernetesApi } from "./kubernetes/api/api.ts";
import { connect } from "./kubernetes/connect/connect.ts";
import { KubernetesError } from "./kubernetes/api/errors.ts";
import { rbacNeed } from "./kubernetes/api/rbac.ts";
import type { Resolution } from "./contract/resolution.ts";
import { createResolver } from "./resolver.ts";
import type { Resolver } from "./contract/resolver.ts";
import type { ResolutionChange } from "./contract/watch.ts";

const build = (letter: string): string => letter.repeat(64);
const pod = (image: string, restartPolicy: string): object => ({
  metadata: { labels: { app: "decl" } },
  spec: { restartPolicy, containers: [{ name: "executor", image }] },
});

const imageOf = ({ value }: IteratorResult<ResolutionChange, unknown>): string | undefined =>
  (value as ResolutionChange | undefined)?.resolution?.image;

/** An API whose streams can be cut, as a network does. */
function cuttable(api: KubernetesApi): KubernetesApi & { cut(): void } {
  let knife = new AbortController();
  const place = { method: "WATCH", path: "/", server: api.server };
  return {
    server: api.server,
    context: api.context,
    namespace: api.namespace,
    request: (path, options) => api.request(path, options),
    lines: (path, options) => {
      const signals = [knife.signal, ...(options?.signal ? [options.signal] : [])];
      return api.lines(path, { ...options, signal: AbortSignal.any(signals) });
    },
    serverTime: () => api.serverTime(),
    close: () => api.close(),
    cut() {
      knife.abort(new KubernetesError("unreachable", "cut by the test", place));
      knife = new AbortController();
    },
  };
}

describe("a resolver on a real cluster", { skip: noCluster }, () => {
  let space: TestNamespace;
  let resolver: Resolver;
  let cronJobs: `/apis/${string}`;
  let deployments: `/apis/${string}`;

  before(async () => {
    space = await testNamespace("decl");
    cronJobs = await cronJobsOf(space);
    deployments = `/apis/apps/v1/namespaces/${space.name}/deployments`;
    resolver = createResolver({ kubernetes: space.api, sources: ["declared", "configmap"] });
    await assert.rejects(resolver.resolve("decl-job"), { code: "unknown-type" });
  });
  after(async () => {
    await resolver.close();
    await space[Symbol.asyncDispose]();
  });

  const create = (path: `/${string}`, body: object): Promise<unknown> =>
    space.api.request(path, { method: "POST", body });
  const patch = (path: `/${string}`, body: object): Promise<unknown> =>
    space.api.request(path, { method: "PATCH", contentType: "application/strategic-merge-patch+json", body });
  const names = (image: string, type: string, from = resolver): Promise<Resolution> =>
    eventually(image, 1_000, async () => {
      const answer = await from.resolve(type).catch(() => undefined);
      return answer?.image === image ? answer : undefined;
    });

  test("names a suspended CronJob's image within a second of each change, also when it is changed back", async (t) => {
    const spec = (image: string): object => ({ spec: { jobTemplate: { spec: { template: pod(image, "Never") } } } });
    const images = ["a", "b", "a"].map((letter) => `executor-decl-job:${build(letter)}`);
    const [first = "", ...rest] = images;
    const { spec: template } = spec(first) as { spec: object };
    const suspended = { schedule: "0 0 31 2 *", suspend: true, ...template };
    await create(cronJobs, { metadata: { name: "executor-decl-job" }, spec: suspended });
    const resolution = await names(first, "decl-job");
    assert.deepEqual(
      [resolution.source, resolution.pullPolicy, resolution.version, resolution.template?.from, resolution.stale],
      ["declared", "Never", "aaaaaaaaaaaa", "CronJob/executor-decl-job", false],
    );
    const changes = resolver.watch("decl-job")[Symbol.asyncIterator]();
    assert.equal(imageOf(await changes.next()), first);
    for (const image of rest) {
      const change = changes.next().then((change) => ({ named: imageOf(change), at: performance.now() }));
      await patch(`${cronJobs}/executor-decl-job`, spec(image));
      const patched = performance.now();
      const { named, at } = await change;
      t.diagnostic(`known ${(at - patched).toFixed(1)} ms after the API server's answer`);
      assert.equal(named, image);
      assert.ok(at - patched < 1_000);
      assert.equal((await resolver.resolve("decl-job")).image, image);
    }
    await changes.return?.();
  });

  test("names a Deployment's image of no replicas, and a CronJob's before it", async () => {
    const spec = (image: string): object => ({ template: pod(image, "Always") });
    const selector = { matchLabels: { app: "decl" } };
    const labels = { "executor-registry.dev/type": "decl-deployed" };
    const body = {
      metadata: { name: "decl-any", labels },
      spec: { replicas: 0, selector, ...spec("executor-decl:1") },
    };
    await create(deployments, body);
    assert.equal((await names("executor-decl:1", "decl-deployed")).reason, "declared by Deployment/decl-any");
    await patch(`${deployments}/decl-any`, { spec: spec("r.example/executor-decl:2") });
    assert.equal((await names("r.example/executor-decl:2", "decl-deployed")).pullPolicy, "IfNotPresent");

    const metadata = { name: "zz-decl", labels };
    const jobTemplate = { spec: { template: pod("executor-decl:3", "Never") } };
    await create(cronJobs, { metadata, spec: { schedule: "0 0 31 2 *", suspend: true, jobTemplate } });
    const { warnings } = await names("executor-decl:3", "decl-deployed");
    assert.deepEqual(warnings, [
      "Deployment/decl-any declares decl-deployed too, as r.example/executor-decl:2; CronJob/zz-decl is used",
    ]);
  });

  test("watch gives what a ConfigMap says, changes and no longer says", async () => {
    const maps = `/api/v1/namespaces/${space.name}/configmaps` as const;
    const stop = new AbortController();
    const changes = resolver.watch("decl-listed", { signal: stop.signal })[Symbol.asyncIterator]();
    const next = async (): Promise<string | undefined> => imageOf(await changes.next());
    assert.equal(await next(), undefined);
    await create(maps, { metadata: { name: "executors" }, data: { "decl-listed": "executor-decl:1" } });
    assert.equal(await next(), "executor-decl:1");
    await patch(`${maps}/executors`, { data: { "decl-listed": "executor-decl:2" } });
    assert.equal(await next(), "executor-decl:2");
    await space.api.request(`${maps}/executors`, { method: "DELETE" });
    assert.equal(await next(), undefined);
    stop.abort();
    assert.equal((await changes.next()).done, true);
  });

  test("keeps its last answer when RBAC is withdrawn, and recovers when it is given back", async () => {
    await using account = await serviceAccount(space);
    const rules = [...rbacNeed("declared").rules, ...rbacNeed("configmap").rules];
    await account.allow(...rules);
    const api = cuttable(await connect({}, account.environment));
    const told: string[] = [];
    const tell = (fields: object, message: string): void => void told.push(`${message} ${JSON.stringify(fields)}`);
    const restricted = createResolver({
      kubernetes: api,
      sources: ["declared", "configmap"],
      logger: { debug() {}, info: tell, warn: tell, error: tell },
      // Tries again after tenths of a second.
      random: () => 0.1,
    });
    try {
      const before = (await resolver.resolve("decl-job")).image;
      // The API server's authorizer hears of roles, given or taken, a moment later.
      await eventually("permission", 10_000, async () => {
        const reports = await restricted.sources();
        return reports.every(({ status }) => status.state === "ready") || undefined;
      });
      assert.equal((await restricted.resolve("decl-job")).image, before);
      await account.revoke();
      assert.equal((await restricted.resolve("decl-job")).stale, false, "a watch that is open stays open");

      const stale = await eventually("staleness", 10_000, async () => {
        api.cut();
        const answer = await restricted.resolve("decl-job");
        const [declared] = await restricted.sources();
        return answer.stale && declared?.status.problem?.code === "forbidden" ? answer : undefined;
      });
      assert.equal(stale.image, before);
      assert.match(stale.staleSince ?? "", /^\d{4}-.*Z$/);
      assert.ok(
        told.some((line) => /no contact.*"code":"forbidden"/.test(line)),
        told.join("\n"),
      );
      await assert.rejects(restricted.resolve("decl-nobody"), { code: "unknown-type", message: /no contact since/ });

      const image = `executor-decl-job:${build("c")}`;
      const template = pod(image, "Never");
      await patch(`${cronJobs}/executor-decl-job`, { spec: { jobTemplate: { spec: { template } } } });
      await names(image, "decl-job");
      assert.equal((await restricted.resolve("decl-job")).image, before);

      await account.allow(...rules);
      const fresh = await eventually("recovery", 30_000, async () => {
        const answer = await restricted.resolve("decl-job");
        return answer.stale ? undefined : answer;
      });
      assert.equal(fresh.image, image);
      assert.ok(
        told.some((line) => line.startsWith("contact again")),
        told.join("\n"),
      );
    } finally {
      await restricted.close();
      api.close();
    }
  });

  test("CronJobs are found where the server has them: batch/v1beta1 before Kubernetes 1.21", async () => {
    const version = (await minorVersion(space.api)) < 21 ? "v1beta1" : "v1";
    assert.equal(cronJobs, `/apis/batch/${version}/namespaces/${space.name}/cronjobs`);
  });

  test("dev-02: who may read nodes and no declarations gets a warning with every answer", async () => {
    await using account = await serviceAccount(space, "outsider");
    const api = await connect({}, account.environment);
    const jobTemplate = { spec: { template: pod("executor-decl-hidden:3", "Never") } };
    const body = {
      metadata: { name: "executor-decl-hidden" },
      spec: { schedule: "0 0 31 2 *", suspend: true, jobTemplate },
    };
    await create(cronJobs, body);
    const node = `${space.name}-hidden`;
    await space.api.request("/api/v1/nodes", {
      method: "POST",
      body: { metadata: { name: node }, spec: { unschedulable: true } },
    });
    const images = ["1", "2"].map((tag) => ({
      names: [`docker.io/library/executor-decl-hidden:${tag}`],
      sizeBytes: 1,
    }));
    const contentType = "application/merge-patch+json";
    await space.api.request(`/api/v1/nodes/${node}/status`, {
      method: "PATCH",
      contentType,
      body: { status: { images } },
    });
    // Nodes as an administrator sees them, all else as the service account does.
    const kubernetes: KubernetesApi = {
      ...api,
      namespace: space.name,
      request: (path, options) => (path === "/api/v1/nodes" ? space.api : api).request(path, options),
      lines: (path, options) => (path === "/api/v1/nodes" ? space.api : api).lines(path, options),
    };
    const restricted = createResolver({ kubernetes, ledger: "off" });
    try {
      const answer = await restricted.resolve("decl-hidden");
      assert.equal(answer.source, "nodes");
      const who = `may not be read by ServiceAccount ${space.name}/outsider`;
      assert.match(
        answer.warnings.join("\n"),
        new RegExp(`^declared executors .* ${who} .* cronjobs\\.batch and deployments\\.apps`, "m"),
      );
      assert.match(answer.warnings.join("\n"), new RegExp(`^ConfigMap executors .* ${who}`, "m"));
      assert.deepEqual([answer.ambiguous, /suspended CronJob/.test(answer.advice ?? "")], [true, false]);
    } finally {
      await restricted.close();
      api.close();
      await space.api.request(`/api/v1/nodes/${node}`, { method: "DELETE" });
    }
  });

  test("a namespace that does not exist is named, whichever source answers", async () => {
    const kubernetes: KubernetesApi = {
      ...space.api,
      namespace: `${space.name}-none`,
      request: (path, options) => space.api.request(path, options),
      lines: (path, options) => space.api.lines(path, options),
    };
    const elsewhere = createResolver({ kubernetes, ledger: "off" });
    await assert.rejects(elsewhere.resolve("decl-nobody"), {
      code: "unknown-type",
      message: new RegExp(`namespace ${space.name}-none does not exist`),
    });
    await elsewhere.close();
  });
});
