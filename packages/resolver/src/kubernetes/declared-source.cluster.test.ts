import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, minorVersion, noCluster, type TestNamespace, testNamespace } from "../../../../testing/cluster.ts";
import { serviceAccount, type TestServiceAccount } from "../../../../testing/service-account.ts";
import { systemClock } from "../tools/clock.ts";
import { silentLogger } from "../tools/logger.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "../reference/template.ts";
import { ForbiddenError } from "../contract/resolver-errors.ts";
import type { Source } from "../sources/source.ts";
import type { KubernetesApi } from "./api/api.ts";
import { createConfigMapSource } from "./config-map/source.ts";
import { connect } from "./connect/connect.ts";
import { rbacNeed } from "./api/rbac.ts";
import { createDeclaredSource } from "./declared/source.ts";

const deployment = (name: string, image: string, replicas = 0): object => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
  },
});

describe("declared executors on a real cluster", { skip: noCluster }, () => {
  let space: TestNamespace;
  let account: TestServiceAccount;
  let restricted: KubernetesApi;

  const open = (api: KubernetesApi): Source & AsyncDisposable => {
    const template = parseTemplate(DEFAULT_TEMPLATE);
    const source = createDeclaredSource({
      api,
      template,
      namespace: space.name,
      log: silentLogger,
      clock: systemClock,
      random: Math.random,
    });
    return Object.assign(source, { [Symbol.asyncDispose]: () => source.close() });
  };
  /** The API server's authorizer hears of a new role a moment later; the source keeps trying. */
  const allowed = (source: Source): Promise<true> =>
    eventually("permission", 10_000, () => source.status().state === "ready" || undefined);
  const create = (kind: "deployments", body: object): Promise<unknown> =>
    space.api.request(`/apis/apps/v1/namespaces/${space.name}/${kind}`, { method: "POST", body });

  before(async () => {
    space = await testNamespace("decl");
    account = await serviceAccount(space);
    restricted = await connect({}, account.environment);
    await create("deployments", deployment("executor-decl", "executor-decl:1"));
    await create("deployments", deployment("executor-decl-placeholder", "executor-decl-placeholder"));
    await create("deployments", deployment("unrelated", "decl-unrelated:1"));
  });
  after(async () => {
    restricted.close();
    await account[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  });

  test("are found, with their pod and what was left out; unrelated changes notify no listener", async () => {
    await using source = open(space.api);
    await source.settled;
    assert.equal(source.status().state, "ready");
    assert.deepEqual([...source.types()], ["decl"]);
    const finding = source.find("decl");
    assert.equal(finding?.reason, "declared by Deployment/executor-decl");
    assert.deepEqual(finding?.template?.pod.metadata?.labels, { app: "executor-decl" });
    assert.match(source.notes?.("decl-placeholder").join() ?? "", /neither tag nor digest/);

    const told: (string | undefined)[] = [];
    source.onChange((type) => told.push(type));
    const patch = (name: string, body: object): Promise<unknown> =>
      space.api.request(`/apis/apps/v1/namespaces/${space.name}/deployments/${name}`, {
        method: "PATCH",
        contentType: "application/merge-patch+json",
        body,
      });
    await patch("unrelated", { metadata: { annotations: { changed: "yes" } } });
    await create("deployments", deployment("executor-decl-later", "executor-decl-later:1"));
    await eventually("the later declaration", 5_000, () => source.find("decl-later"));
    assert.deepEqual([...new Set(told)], ["decl-later"]);
    await space.api.request(`/apis/apps/v1/namespaces/${space.name}/deployments/executor-decl-later`, {
      method: "DELETE",
    });
    await eventually("its absence", 5_000, () => (source.find("decl-later") ? undefined : true));
    assert.equal(source.status().state, "ready");
  });

  test("dev-13: the time of a change moves with the value from Kubernetes 1.25 on, and is not said before", async (t) => {
    await using source = open(space.api);
    const path = `/apis/apps/v1/namespaces/${space.name}/deployments/executor-decl-timed` as const;
    const at = (): string | undefined => source.find("decl-timed")?.candidates[0]?.evidence[0]?.at;
    await create("deployments", deployment("executor-decl-timed", "executor-decl-timed:0"));
    await eventually("the declaration", 5_000, () => source.find("decl-timed"));
    const first = at();
    if ((await minorVersion(space.api)) < 25) {
      assert.equal(first, undefined);
      t.diagnostic("this server's managedFields keep the time of a manager's first change");
      return;
    }
    assert.match(first ?? "", /^\d{4}-.*Z$/);
    // Times are in whole seconds.
    let build = 0;
    await eventually("a later time", 5_000, async () => {
      build += 1;
      const image = `executor-decl-timed:${build}`;
      const body = { spec: { template: { spec: { containers: [{ name: "main", image }] } } } };
      await space.api.request(path, { method: "PATCH", contentType: "application/strategic-merge-patch+json", body });
      await eventually(image, 5_000, () => (source.find("decl-timed")?.image === image ? true : undefined));
      return (at() ?? "") > (first ?? "") || undefined;
    });
    await space.api.request(path, { method: "DELETE" });
  });

  test("forbidden in both collections: unavailable, with the rules", async () => {
    await using source = open(restricted);
    await source.settled;
    const { state, problem } = source.status();
    assert.equal(state, "unavailable");
    assert.ok(problem instanceof ForbiddenError);
    assert.deepEqual(problem.rules, rbacNeed("declared").rules);
    assert.match(problem.manifest, new RegExp(`name: tester\n    namespace: ${space.name}\n`));
  });

  test("allowed in one collection: that one answers, and the other is noted", async () => {
    const [, deployments] = rbacNeed("declared").rules;
    await account.allow(deployments!);
    try {
      await using source = open(restricted);
      await allowed(source);
      assert.ok(source.find("decl"));
      assert.match(
        source.notes?.().join("\n") ?? "",
        /^CronJobs of namespace \S+ may not be read by ServiceAccount \S+\/tester \(RBAC has to allow .* cronjobs\.batch\)/m,
      );
      assert.match(source.find("decl")?.warnings.join() ?? "", /^CronJobs of namespace /);
    } finally {
      await account.revoke();
    }
  });

  test("in a ConfigMap need no more than its name allowed", async () => {
    await account.allow(...rbacNeed("configmap", "decl-executors").rules);
    const path = `/api/v1/namespaces/${space.name}/configmaps` as const;
    const options = { namespace: space.name, log: silentLogger, clock: systemClock, random: Math.random };
    const source = createConfigMapSource({ ...options, api: restricted, name: "decl-executors" });
    const other = createConfigMapSource({ ...options, api: restricted, name: "executors" });
    try {
      await Promise.all([allowed(source), other.settled]);
      assert.deepEqual([...source.types()], []);
      assert.ok(other.status().problem instanceof ForbiddenError);

      const data = { decl: "executor-decl:1\n", "decl-new": "executor-decl-new", README: "x:1", "decl-bad": "A B" };
      await space.api.request(path, { method: "POST", body: { metadata: { name: "decl-executors" }, data } });
      await eventually("the map", 5_000, () => source.find("decl"));
      assert.equal(source.find("decl")?.image, "executor-decl:1");
      assert.equal(source.find("decl")?.reason, "declared by ConfigMap/decl-executors key decl");
      assert.deepEqual([...source.types()], ["decl"]);
      const notes = source.notes?.() ?? [];
      for (const why of [
        /key README .* no executor type/,
        /key decl-new .* neither tag nor digest/,
        /key decl-bad .* no image/,
      ])
        assert.ok(
          notes.some((note) => why.test(note)),
          `${String(why)} of ${notes.join("; ")}`,
        );

      await space.api.request(`${path}/decl-executors`, { method: "DELETE" });
      await eventually("its absence", 5_000, () => (source.find("decl") ? undefined : true));
      assert.equal(source.status().state, "ready");
      assert.match(
        source.notes?.("decl").join() ?? "",
        /^ConfigMap\/decl-executors key decl, which .* was removed at /,
      );
    } finally {
      await Promise.all([source.close(), other.close()]);
      await account.revoke();
    }
  });
});
