import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noNode } from "../../../testing/cluster.ts";
import { type Executors, testExecutors } from "../../../testing/executors.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";

describe("a dispatcher on a cluster", { skip: noNode }, () => {
  let space: Executors;
  let dispatcher: Dispatcher;
  before(async () => {
    space = await testExecutors("dispatcher");
    // Declared, since the kubelet takes up to 40 s to report an image.
    await space.api.request(`/apis/apps/v1/namespaces/${space.name}/deployments`, {
      method: "POST",
      body: {
        metadata: { name: "executor-disp" },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: "executor-disp" } },
          template: {
            metadata: { labels: { app: "executor-disp" } },
            spec: {
              containers: [
                {
                  name: "main",
                  image: space.image,
                  imagePullPolicy: "Never",
                  env: [{ name: "GREETING", value: "hello" }],
                },
              ],
            },
          },
        },
      },
    });
    dispatcher = createDispatcher({ kubernetes: space.api });
  });
  after(async () => {
    await dispatcher.close();
    await space[Symbol.asyncDispose]();
  });

  test("resolves a type, runs it with its declared template, and reports how it ended", async () => {
    const lines: string[] = [];
    const request = { id: "1", args: ["-c", 'echo "$GREETING $NAME"; exit 4'], env: { NAME: "world" } };
    const { resolution, result } = await dispatcher.run("disp", request, { onLog: (line) => lines.push(line) });
    assert.equal(resolution.source, "declared");
    assert.deepEqual(lines, ["hello world"]);
    assert.deepEqual([result.status, result.exitCode, result.namespace], ["failed", 4, space.name]);

    const again: string[] = [];
    const second = await dispatcher.run("disp", request, { onLog: (line) => again.push(line) });
    assert.deepEqual([second.result.pod, again], [result.pod, lines], "the same request does not run twice");
  });

  test("a signal cancels", async () => {
    const stop = new AbortController();
    const { result } = await dispatcher.run(
      "disp",
      { id: "2", args: ["-c", "echo begun; sleep 60"] },
      {
        signal: stop.signal,
        onLog: () => stop.abort(),
      },
    );
    assert.equal(result.status, "cancelled");
    await assert.rejects(
      dispatcher.run("disp", { id: "3" }, { signal: AbortSignal.abort(new Error("no longer wanted")) }),
      /no longer wanted/,
    );
  });
});
