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

  test("dev-05: lines that the node rotated away meanwhile are missing, and the result says so", async (t) => {
    const lines: string[] = [];
    // A megabyte a second for half a minute; a node rotates its logs at 10 MiB.
    const line = "x".repeat(993);
    const second = `n=0; while [ $n -lt 1000 ]; do echo ${line}; n=$((n+1)); done`;
    const job = await space.start(`i=0; while [ $i -lt 30 ]; do ${second}; i=$((i+1)); sleep 0.9; done; echo over`);
    let cut = false;
    const result = await follow(api, job, {
      onLog: (text) => {
        lines.push(text);
        if (cut || lines.length < 8000) return;
        cut = true;
        proxy.cut(16_000);
      },
    });
    t.diagnostic(`${lines.length} of 30001 lines, ${result.logsDoubt}`);
    assert.equal(result.status, "succeeded");
    assert.equal(result.logsComplete, lines.length === 30_001, "complete only when all lines came");
    if (!result.logsComplete) assert.match(result.logsDoubt ?? "", /rotated lines away/);
    assert.equal(lines.at(-1), "over");
  });
});
