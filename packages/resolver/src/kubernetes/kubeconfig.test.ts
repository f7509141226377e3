import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type KubeConfigLike, kubeconfigAccess } from "./kubeconfig.ts";

function config(
  cluster: { server: string; proxyUrl?: string },
  apply: KubeConfigLike["applyToHTTPSOptions"],
): KubeConfigLike {
  return {
    contexts: [{ name: "here" }],
    getCurrentContext: () => "here",
    getContextObject: () => ({}),
    getCurrentCluster: () => cluster,
    applyToHTTPSOptions: apply,
  };
}

describe("kubeconfigAccess", () => {
  test("asks for credentials before each request, so that what expires is renewed", async () => {
    let token = 0;
    const access = kubeconfigAccess(
      config({ server: "https://a" }, async (options) => {
        token += 1;
        Object.assign(options, { ca: "authority", agent: {}, headers: { Authorization: `Bearer ${token}` } });
      }),
      undefined,
    );
    assert.equal(access.namespace, "default");
    await access.credentials();
    assert.deepEqual(await access.credentials(), { headers: { Authorization: "Bearer 2" }, tls: { ca: "authority" } });
  });

  test("takes the library's agent only for a proxy", async () => {
    const agent = {};
    const cluster = { server: "https://a", proxyUrl: "http://proxy:3128" };
    const access = kubeconfigAccess(
      config(cluster, async (options) => void Object.assign(options, { agent })),
      "team",
    );
    assert.equal((await access.credentials()).tls.agent, agent);
    assert.equal(access.namespace, "team");
  });

  test("sends no credentials over plain HTTP", async () => {
    const access = kubeconfigAccess(
      config({ server: "http://127.0.0.1:8001" }, () => assert.fail("asked")),
      undefined,
    );
    assert.deepEqual(await access.credentials(), { headers: {}, tls: {} });
  });
});
