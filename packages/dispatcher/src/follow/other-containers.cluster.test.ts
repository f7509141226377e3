import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noNode } from "../../../../testing/cluster.ts";
import { type Executors, testExecutors } from "../../../../testing/executors.ts";
import type { JobRequest } from "../job/request.ts";
import { follow } from "./follow.ts";

describe("dev-03: a pod with other containers on a cluster", { skip: noNode, concurrency: true }, () => {
  let space: Executors;
  before(async () => {
    space = await testExecutors("others");
  });
  after(() => space[Symbol.asyncDispose]());

  const beside = (field: "containers" | "initContainers", more: object = {}): Partial<JobRequest> => {
    const proxy = {
      name: "proxy",
      image: space.image,
      imagePullPolicy: "Never",
      command: ["/bin/sh", "-c", "while true; do sleep 1; done"],
      ...more,
    };
    return { template: { spec: { terminationGracePeriodSeconds: 1, [field]: [proxy] } } };
  };

  for (const [exitCode, status] of [
    [0, "succeeded"],
    [7, "failed"],
  ] as const) {
    test(`a proxy runs on after exit code ${exitCode}: the executor's result, the proxy named, the Job deleted`, async () => {
      const lines: string[] = [];
      const job = await space.start(`echo works; exit ${exitCode}`, beside("containers"));
      const result = await follow(space.api, job, { onLog: (line) => lines.push(line), endTimeout: 3000 });
      assert.deepEqual([result.status, result.exitCode, result.leftRunning], [status, exitCode, ["proxy"]]);
      assert.match(result.message, /container proxy of its pod had not ended 3 s later; the Job is deleted/);
      assert.deepEqual([lines, result.logsComplete], [["works"], true]);
    });
  }

  test("a deadline that only the proxy ran into: the executor succeeded", async () => {
    const request = { ...beside("containers"), activeDeadlineSeconds: 14 };
    const result = await follow(space.api, await space.start("echo works", request), { endTimeout: 60_000 });
    assert.deepEqual([result.status, result.exitCode], ["succeeded", 0]);
  });

  test("retries are respected: the pod is replaced, and the last attempt counts", async () => {
    const lines: string[] = [];
    const statuses: string[] = [];
    const job = await space.start("echo attempt; exit 7", { ...beside("containers"), backoffLimit: 1 });
    const result = await follow(space.api, job, {
      onLog: (line) => lines.push(line),
      onStatus: (message) => statuses.push(message),
      endTimeout: 2000,
    });
    assert.deepEqual([result.status, result.exitCode, lines], ["failed", 7, ["attempt", "attempt"]]);
    assert.ok(
      statuses.some((message) => /was deleted: the Job runs again, in pod /.test(message)),
      statuses.join("\n"),
    );
  });

  test("a native sidecar needs no help", async (t) => {
    const job = await space.start("echo works", beside("initContainers", { restartPolicy: "Always" }));
    const { spec } = (await space.api.request(`/apis/batch/v1/namespaces/${space.name}/jobs/${job.name}`)) as {
      readonly spec: { readonly template: { readonly spec: { readonly initContainers: readonly object[] } } };
    };
    if (!("restartPolicy" in (spec.template.spec.initContainers[0] ?? {}))) {
      return t.skip("this API server has no native sidecars (since Kubernetes 1.29)");
    }
    const result = await follow(space.api, job, { endTimeout: 1000 });
    assert.deepEqual([result.status, result.exitCode, result.leftRunning], ["succeeded", 0, undefined]);
    assert.doesNotMatch(result.message, /deleted/);
  });

  test("dev-04: a Secret made later is waited for", async () => {
    const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "late", key: "token" } } }];
    const job = await space.start('echo "$TOKEN"', { template: { spec: { containers: [{ name: "executor", env }] } } });
    const lines: string[] = [];
    let made: Promise<unknown> | undefined;
    const result = await follow(space.api, job, {
      onLog: (line) => lines.push(line),
      onStatus: (_, { reason }) => {
        if (reason !== "CreateContainerConfigError") return;
        const body = { metadata: { name: "late" }, stringData: { token: "came" } };
        made ??= space.api.request(`/api/v1/namespaces/${space.name}/secrets`, { method: "POST", body });
      },
    });
    assert.deepEqual([result.status, lines], ["succeeded", ["came"]]);
    assert.ok(made, "the Secret was missing at first");
  });
});
