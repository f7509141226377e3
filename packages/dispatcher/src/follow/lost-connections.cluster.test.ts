import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { connect } from "@executor-registry/resolver/kubernetes";
import { noNode } from "../../../../testing/cluster.ts";
import { type CuttableProxy, cuttableProxy } from "../../../../testing/cuttable-proxy.ts";
import { type Executors, testExecutors } from "../../../../testing/executors.ts";
import { follow } from "./follow.ts";

describe("following a Job over connections that break", { skip: noNode }, () => {
  let space: Executors;
  let proxy: CuttableProxy;
  let api: KubernetesApi;
  before(async () => {
    space = await testExecutors("lost");
    proxy = await cuttableProxy();
    api = await connect({ kubeconfig: proxy.kubeconfig, namespace: space.name });
  });
  after(async () => {
    api.close();
    await proxy[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  });

  const burst = (lines: number, echo: string): string =>
    `i=1; while [ $i -le ${lines} ]; do ${echo}; i=$((i+1)); [ $((i % 100)) -eq 0 ] && sleep 0.1; done; exit 5`;
  const numbered = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

  test("no line is lost or repeated, and the end is seen", async (t) => {
    const lines: string[] = [];
    const job = await space.start(burst(4000, "echo line $i"));
    const result = await follow(api, job, {
      onLog: (line) => {
        lines.push(line);
        if (lines.length % 450 === 0) proxy.cut(lines.length % 900 === 0 ? 700 : 0);
      },
    });
    t.diagnostic(`${proxy.cuts} connections cut`);
    assert.deepEqual(lines, numbered("line ", 4000));
    assert.deepEqual([result.status, result.exitCode, result.logsComplete], ["failed", 5, true]);
    assert.ok(proxy.cuts >= 8);
  });

  test("nor when both output streams are written at once", async () => {
    const lines: string[] = [];
    const job = await space.start(burst(2000, "echo out $i; echo err $i >&2"));
    const result = await follow(api, job, {
      onLog: (line) => {
        lines.push(line);
        if (lines.length % 333 === 0) proxy.cut();
      },
    });
    assert.deepEqual(
      lines.filter((line) => line.startsWith("out")),
      numbered("out ", 2000),
    );
    assert.deepEqual(
      lines.filter((line) => line.startsWith("err")),
      numbered("err ", 2000),
    );
    assert.equal(lines.length, 4000);
    assert.equal(result.logsComplete, true);
  });

  test("nor when the Job ends while there is no connection", async () => {
    const lines: string[] = [];
    const job = await space.start("echo begun; sleep 1; echo over");
    const result = await follow(api, job, {
      onLog: (line) => {
        lines.push(line);
        if (line === "begun") proxy.cut(4000);
      },
    });
    assert.deepEqual(lines, ["begun", "over"]);
    assert.equal(result.status, "succeeded");
  });
});
