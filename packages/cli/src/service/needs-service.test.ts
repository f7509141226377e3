import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runHere } from "../testing/fake-io.ts";

describe("without a service", () => {
  let kubeconfig: string;
  const held = new AsyncDisposableStack();
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "no-service-"));
    held.defer(() => rm(folder, { recursive: true }));
    // A cluster that has no Service of the registry's name.
    const cluster = createServer((_request, response) => {
      const message = 'services "executor-registry" not found';
      response.writeHead(404, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", code: 404, reason: "NotFound", message }));
    }).listen(0, "127.0.0.1");
    await once(cluster, "listening");
    held.defer(() => void cluster.close());
    kubeconfig = join(folder, "kubeconfig");
    const config = {
      clusters: [{ name: "a", cluster: { server: `http://127.0.0.1:${(cluster.address() as AddressInfo).port}` } }],
      users: [],
      contexts: [{ name: "a", context: { cluster: "a", namespace: "team" } }],
      "current-context": "a",
    };
    await writeFile(kubeconfig, JSON.stringify(config));
  });
  after(() => held.disposeAsync());

  for (const [line, message] of [
    [
      "pin ml --to 1.3.0",
      /^error: pin needs the registry service; in development declare the image: kubectl patch configmap executors --type merge -p '\{"data":\{"ml":"executor-ml:1\.3\.0"\}\}' \(or kubectl create configmap executors --from-literal=ml=executor-ml:1\.3\.0\)\. --registry URL names a service/,
    ],
    [
      "unpin ml",
      /^error: unpin needs the registry service; in development remove what declares it: kubectl patch configmap executors --type json/,
    ],
    ["rollback ml", /^error: rollback needs the registry service; in development declare the image: .*executor-ml:TAG/],
    ["allow ml 1.0.0", /^error: allow needs the registry service; in development declare/],
  ] as const) {
    test(`${line} refuses with what to do instead`, async () => {
      for (const where of [
        ["--layout", "examples/layout"],
        ["--kubeconfig", kubeconfig],
      ]) {
        const { code, stderr } = await runHere([...line.split(" "), "--reason", "x", ...where]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
    });
  }

  test("the namespace and the ConfigMap that the flags name are those to declare it in", async () => {
    const flags = ["-n", "jobs", "--config-map", "images", "--kubeconfig", kubeconfig];
    const { stderr } = await runHere(["pin", "ml", "--to", "1.3.0", "--reason", "x", ...flags]);
    assert.match(stderr, /kubectl -n jobs patch configmap images --type merge/);
  });
});
