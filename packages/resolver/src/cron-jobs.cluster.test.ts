import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cronJobsOf, eventually, noCluster, type TestNamespace, testNamespace } from "../../../testing/cluster.ts";
import { serviceAccount, type TestServiceAccount } from "../../../testing/service-account.ts";
import type { Resolution } from "./contract/resolution.ts";
import { createResolver } from "./resolver.ts";
import type { Resolver } from "./contract/resolver.ts";
import type { KubernetesApi } from "./kubernetes/api/api.ts";
import { connect } from "./kubernetes/connect/connect.ts";
import { rbacNeed } from "./kubernetes/api/rbac.ts";

// As a dispatcher in the cluster lives: by a bound token from its files, with the documented role and no other.

describe("the life of a declaring CronJob", { skip: noCluster }, () => {
  let space: TestNamespace;
  let account: TestServiceAccount;
  let api: KubernetesApi;
  let resolver: Resolver;
  let cronJobs: `/apis/${string}`;
  before(async () => {
    space = await testNamespace("cron");
    cronJobs = await cronJobsOf(space);
    account = await serviceAccount(space, "dispatcher");
    await account.allow(...rbacNeed("declared").rules);
    api = await connect({}, account.environment);
    // Tries again after tenths of a second: the authorizer hears of a new role a moment later.
    resolver = createResolver({ kubernetes: api, sources: ["declared"], random: () => 0.1 });
    await eventually("permission", 10_000, async () => {
      const [declared] = await resolver.sources();
      return declared?.status.state === "ready" || undefined;
    });
  });
  after(async () => {
    await resolver.close();
    api.close();
    await account[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  });

  const jobTemplate = (image: string, job: object = {}): object => ({
    spec: { ...job, template: { spec: { restartPolicy: "Never", containers: [{ name: "executor", image }] } } },
  });
  const create = (image: string): Promise<unknown> =>
    space.api.request(cronJobs, {
      method: "POST",
      body: {
        metadata: { name: "executor-cron" },
        spec: { schedule: "0 0 31 2 *", suspend: true, jobTemplate: jobTemplate(image) },
      },
    });
  const patch = (spec: object): Promise<unknown> =>
    space.api.request(`${cronJobs}/executor-cron`, {
      method: "PATCH",
      contentType: "application/strategic-merge-patch+json",
      body: { spec },
    });
  const remove = (): Promise<unknown> => space.api.request(`${cronJobs}/executor-cron`, { method: "DELETE" });
  const answer = (wanted: (resolution: Resolution | undefined) => boolean): Promise<Resolution | "unknown"> =>
    eventually("the answer", 1000, async () => {
      const found = await resolver.resolve("cron").catch((error: { code?: string }) => {
        assert.equal(error.code, "unknown-type");
        return undefined;
      });
      return wanted(found) ? (found ?? "unknown") : undefined;
    });
  const image = (wanted: string) => answer((found) => found?.image === wanted);

  test("created, changed, undone: each is the answer within a second", async () => {
    await create("executor-cron:1");
    await image("executor-cron:1");
    await patch({ jobTemplate: jobTemplate("executor-cron:2") });
    await image("executor-cron:2");
    await patch({ jobTemplate: jobTemplate("executor-cron:1") });
    await image("executor-cron:1");
  });

  test("dev-12: what its jobTemplate says of the Job is known as it changes, and gone when it is taken back", async () => {
    await patch({ jobTemplate: jobTemplate("executor-cron:1", { backoffLimit: 2, parallelism: 3 }) });
    const said = await answer((found) => found?.template?.job !== undefined);
    assert.ok(said !== "unknown");
    assert.deepEqual(said.template?.job?.spec, { backoffLimit: 2 });
    assert.deepEqual(said.warnings, [
      "parallelism: 3 of CronJob/executor-cron is not used: an executor's Job runs one pod",
    ]);
    await patch({ jobTemplate: jobTemplate("executor-cron:1", { backoffLimit: null, parallelism: null }) });
    await answer((found) => found !== undefined && found.template?.job === undefined && found.warnings.length === 0);
  });

  test("resumed it is no declaration, suspended again it is one", async () => {
    await patch({ suspend: false });
    await answer((found) => found === undefined);
    await assert.rejects(resolver.resolve("cron"), /CronJob\/executor-cron is ignored: it is not suspended/);
    await patch({ suspend: true });
    await image("executor-cron:1");
  });

  test("deleted it is gone, and made again it says what the new one says", async () => {
    await remove();
    await answer((found) => found === undefined);
    await create("executor-cron:3");
    await image("executor-cron:3");
    await Promise.all([remove(), resolver.resolve("cron")]);
    await create("executor-cron:4");
    await image("executor-cron:4");
  });
});
