import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { eventually, noCluster, type TestNamespace, testNamespace } from "../../../../testing/cluster.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import type { Outcome } from "../../../../testing/cli.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

// Endpoints may not name a loopback address.
const ADDRESS = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === "IPv4" && !found.internal)?.address;

const skip = noCluster || (ADDRESS === undefined ? "this machine has no address that Endpoints may name" : false);

describe("the cluster's registry service, through the API server's proxy", { skip }, () => {
  let space: TestNamespace;
  before(async () => (space = await testNamespace("proxy")));
  after(() => space[Symbol.asyncDispose]());
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "-n", space.name], fakeIo({ clock: systemClock }));

  /** A Service that leads to a port of this machine. The API server passes on to pods only, so one claims to be here. */
  async function announce(name: string, url: string): Promise<void> {
    const port = Number(new URL(url).port);
    const create = (kind: string, body: object): Promise<unknown> =>
      space.api.request(`/api/v1/namespaces/${space.name}/${kind}`, {
        method: "POST",
        body: { metadata: { name }, ...body },
      });
    await create("pods", { spec: { schedulerName: "nobody", containers: [{ name: "claims", image: "nothing" }] } });
    await space.api.request(`/api/v1/namespaces/${space.name}/pods/${name}/status`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { status: { podIP: ADDRESS, podIPs: [{ ip: ADDRESS }] } },
    });
    await create("services", { spec: { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: port }] } });
    const targetRef = { kind: "Pod", namespace: space.name, name };
    await create("endpoints", {
      subsets: [{ addresses: [{ ip: ADDRESS, targetRef }], ports: [{ name: "http", port }] }],
    });
  }

  /** Whether the API server's machine is this one, or has a way here. */
  const reaches = (name: string): Promise<boolean> =>
    eventually("an answer through the proxy", 10_000, async () => {
      const { code, stderr } = await ask("get", "ml", "--service", name);
      if (code === 0 || code === 4) return true;
      return stderr.includes("there is none") || stderr.includes("no endpoints available") ? undefined : false;
    });

  test("get, versions, journal and refresh need the kubeconfig alone", async (context) => {
    await using service = await exampleService("auth: { writes: open }", "0.0.0.0");
    await announce("executor-registry", service.url);
    if (!(await reaches("executor-registry"))) return context.skip("the API server has no way to this machine");
    assert.match((await ask("get", "ml")).stdout, /^image: docker\.io\/library\/executor-ml@sha256:3f31356a/m);
    assert.match((await ask("versions", "ml")).stdout, /^1\.4\.0 +admitted +yes /m);
    assert.equal((await ask("journal", "--limit", "1", "-o", "name")).code, 0);
    const refreshed = await ask("refresh", "--wait");
    assert.deepEqual([refreshed.code, refreshed.stderr], [0, ""]);
    assert.match(refreshed.stdout, /^examples +3 +0 +0 +0 +yes$/m);
    const unknown = await ask("get", "mll");
    assert.deepEqual([unknown.code, unknown.stdout], [3, ""]);
    assert.match(unknown.stderr, /did you mean ml\?/);
  });

  test("list and resolve ask it with --service, and the nodes without", async (context) => {
    await using service = await exampleService("", "0.0.0.0");
    await announce("other", service.url);
    if (!(await reaches("other"))) return context.skip("the API server has no way to this machine");
    const named = await ask("list", "-o", "name", "--service", `${space.name}/other:80`).catch(() => undefined);
    assert.equal(named?.stdout, "executor/etl\nexecutor/ml\nexecutor/nlp\n");
    assert.match((await ask("resolve", "ml", "--service", "other:http")).stdout, /executor-ml@sha256:3f31356a/);
    assert.equal((await ask("resolve", "mll", "--service", "other")).code, 3);
    assert.doesNotMatch((await ask("list")).stdout, /registry/);
  });

  test("a service that requires a token names the other way to reach it", async (context) => {
    const sha256 = createHash("sha256").update("open-sesame").digest("hex");
    const auth = `auth: { reads: token, tokens: [{ name: ci, role: reader, sha256: ${sha256} }] }`;
    await using service = await exampleService(auth, "0.0.0.0");
    await announce("closed", service.url);
    if (!(await reaches("closed"))) return context.skip("the API server has no way to this machine");
    const { code, stderr } = await ask("get", "ml", "--service", "closed");
    assert.equal(code, 4);
    assert.match(stderr, /proxy does not pass one on.*kubectl port-forward -n proxy-[0-9a-f]+ service\/closed 8080:80/);
  });

  test("where there is none, the error has its name and namespace", async () => {
    const { code, stderr } = await ask("get", "ml", "--service", "nowhere");
    assert.equal(code, 5);
    assert.match(
      stderr,
      /service proxy-[0-9a-f]+\/nowhere of the cluster cannot be asked: the cluster has no Service of this name/,
    );
  });
});
