import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { eventually, minorVersion, noNode } from "../../../testing/cluster.ts";
import { type Executors, testExecutors } from "../../../testing/executors.ts";
import { serviceAccount } from "../../../testing/service-account.ts";
import { follow } from "./follow/follow.ts";
import { submit } from "./submit.ts";

describe("what a cluster admits", { skip: noNode }, () => {
  let space: Executors;
  let minor = 0;
  before(async () => {
    space = await testExecutors("admission");
    minor = await minorVersion(space.api);
  });
  after(() => space[Symbol.asyncDispose]());

  const label = (labels: object): Promise<unknown> =>
    space.api.request(`/api/v1/namespaces/${space.name}`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { metadata: { labels } },
    });
  /** The refusal, which has to come at once. */
  const refusal = async (work: Promise<unknown>): Promise<KubernetesError> => {
    const begun = Date.now();
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof KubernetesError, String(error));
    assert.ok(Date.now() - begun < 3000, "tried again, though nothing could change");
    return error;
  };

  test("dev-09: an RBAC refusal is reported at once, to a service account with a bound token", async () => {
    await using account = await serviceAccount(space, "stranger");
    const api = await connect({ namespace: space.name }, account.environment);
    try {
      const error = await refusal(submit(api, space.job("true")));
      assert.equal(error.code, "forbidden");
      assert.match(error.message, /User "system:serviceaccount:.*:stranger" cannot create resource "jobs"/);
    } finally {
      api.close();
    }
  });

  test("a service account with a bound token and the documented roles runs a Job to its end", async () => {
    await using account = await serviceAccount(space, "dispatcher");
    await account.allow(
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "get", "list", "watch", "delete"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    );
    const api = await connect({ namespace: space.name }, account.environment);
    try {
      const lines: string[] = [];
      // The authorizer hears of a new role a moment later.
      const job = await eventually("permission", 10_000, () =>
        submit(api, space.job("echo works")).catch(() => undefined),
      );
      const result = await follow(api, job, { onLog: (line) => lines.push(line) });
      assert.deepEqual([result.status, lines], ["succeeded", ["works"]]);
    } finally {
      api.close();
    }
  });

  test("in a restricted namespace the Job is admitted as it is built; what violates it is reported in the server's words", async (t) => {
    if (minor < 25) return t.skip("this API server has no Pod Security admission (since Kubernetes 1.25)");
    await label({ "pod-security.kubernetes.io/enforce": "restricted" });
    try {
      const good = await follow(space.api, await space.start("echo works"));
      assert.equal(good.status, "succeeded", good.message);
      const bad = await space.start("true", {
        template: { spec: { hostNetwork: true, containers: [{ name: "executor" }] } },
      });
      const result = await follow(space.api, bad, { startTimeout: 5000 });
      assert.deepEqual([result.status, result.reason], ["failed", "NoPod"]);
      assert.match(result.message, /violates PodSecurity "restricted:latest"/);
    } finally {
      await label({ "pod-security.kubernetes.io/enforce": null });
    }
  });

  test("a declared podFailurePolicy ends the Job before its retries are used up", async (t) => {
    if (minor < 31) return t.skip("this API server has no pod failure policy (since Kubernetes 1.31)");
    const manifest = space.job("echo attempt; exit 42", { backoffLimit: 3 });
    const onExitCodes = { containerName: "executor", operator: "In", values: [42] };
    const spec = { ...manifest.spec, podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes }] } };
    const lines: string[] = [];
    const result = await follow(space.api, await submit(space.api, { ...manifest, spec }), {
      onLog: (line) => lines.push(line),
    });
    assert.deepEqual([result.status, result.exitCode, lines], ["failed", 42, ["attempt"]]);
  });

  test("dev-09: a quota that is used up is reported as such", async () => {
    const path = `/api/v1/namespaces/${space.name}/resourcequotas` as const;
    await space.api.request(path, {
      method: "POST",
      body: { metadata: { name: "jobs" }, spec: { hard: { "count/jobs.batch": "1" } } },
    });
    await eventually("the quota's count", 30_000, async () => {
      const quota = (await space.api.request(`${path}/jobs`)) as { status?: { used?: object } };
      return Object.keys(quota.status?.used ?? {}).length > 0 || undefined;
    });
    const error = await refusal(
      (async () => {
        for (let jobs = 0; jobs < 2; jobs += 1) await space.start("true");
      })(),
    );
    assert.equal(error.code, "not-admitted");
    assert.match(error.message, /exceeded quota: jobs/);
  });

  test("dev-09: so is a namespace that is being deleted", async () => {
    // A finalizer keeps it in this state until the test is over.
    const path = `/api/v1/namespaces/${space.name}/configmaps` as const;
    await space.api.request(path, {
      method: "POST",
      body: { metadata: { name: "held", finalizers: ["executor-registry.dev/test"] } },
    });
    await space.api.request(`/api/v1/namespaces/${space.name}`, { method: "DELETE" });
    try {
      const error = await refusal(space.start("true"));
      assert.equal(error.code, "not-admitted");
      assert.match(error.message, /because it is being terminated/);
    } finally {
      await space.api.request(`${path}/held`, {
        method: "PATCH",
        contentType: "application/merge-patch+json",
        body: { metadata: { finalizers: null } },
      });
    }
  });
});
