import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../../../../testing/cluster.ts";
import { recorder } from "../../../../testing/recorder.ts";
import { serviceAccount } from "../../../../testing/service-account.ts";
import { systemClock } from "../tools/clock.ts";
import { silentLogger } from "../tools/logger.ts";
import type { KubernetesApi } from "./api/api.ts";
import { connect } from "./connect/connect.ts";
import { type ReflectionHandler, reflect } from "./api/reflector.ts";

/** Follows the ConfigMaps of a namespace until disposed of. Leaves out the one that newer clusters put everywhere. */
function followConfigMaps(api: KubernetesApi, namespace: string, handler: ReflectionHandler): AsyncDisposable {
  const stop = new AbortController();
  const done = reflect({
    api,
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    query: { fieldSelector: "metadata.name!=kube-root-ca.crt" },
    handler,
    signal: stop.signal,
    log: silentLogger,
    clock: systemClock,
    random: Math.random,
    pageSize: 2,
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function createConfigMap({ api, name: namespace }: TestNamespace, name: string): Promise<void> {
  await api.request(`/api/v1/namespaces/${namespace}/configmaps`, { method: "POST", body: { metadata: { name } } });
}

describe("on a real API server", { skip: noCluster, timeout: 60_000 }, () => {
  test("lists page by page and follows changes", async () => {
    await using space = await testNamespace("reflect");
    for (const name of ["a", "b", "c", "d", "e"]) await createConfigMap(space, name);
    const record = recorder();
    await using _ = followConfigMaps(space.api, space.name, record.handler);
    await record.until("contact ok");
    const listed = ["a", "b", "c", "d", "e"].map((name) => `listed ${name}`);
    assert.deepEqual(record.fresh(), ["begin", ...listed, "synced", "contact ok"]);

    const path = `/api/v1/namespaces/${space.name}/configmaps/b` as const;
    const contentType = "application/merge-patch+json";
    await space.api.request(path, { method: "PATCH", contentType, body: { data: { text: "é界🚀" } } });
    await createConfigMap(space, "f");
    await space.api.request(path, { method: "DELETE" });
    await record.until("remove b");
    assert.deepEqual(record.fresh(), ["upsert b", "upsert f", "remove b"]);
  });

  test("a service account without rights is forbidden, and follows as soon as it has them", async () => {
    await using space = await testNamespace("reflect");
    await using account = await serviceAccount(space);
    await createConfigMap(space, "a");
    const api = await connect({}, account.environment);
    const record = recorder();
    await using _ = followConfigMaps(api, space.name, record.handler);
    await record.until("contact forbidden");
    assert.equal(api.context, "in-cluster");
    assert.equal(api.namespace, space.name);
    await account.allow({ apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] });
    await record.until("contact ok");
    assert.deepEqual(record.recorded.slice(-3), ["listed a", "synced", "contact ok"]);
    api.close();
  });

  test("a rotated token is read from its file when the old one is refused", async () => {
    await using space = await testNamespace("reflect");
    await using account = await serviceAccount(space);
    await writeFile(account.tokenFile, "expired");
    const api = await connect({}, account.environment);
    const review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const body = { spec: { resourceAttributes: { verb: "list", resource: "nodes" } } };
    await assert.rejects(api.request(review, { method: "POST", body }), { code: "unauthorized", status: 401 });
    await writeFile(account.tokenFile, await account.newToken());
    const answer = (await api.request(review, { method: "POST", body })) as { status: { allowed: boolean } };
    assert.equal(answer.status.allowed, false);
    api.close();
  });

  test("a path the server does not serve is not found, and is asked for again", async () => {
    await using space = await testNamespace("reflect");
    const record = recorder();
    const stop = new AbortController();
    const done = reflect({
      api: space.api,
      path: "/apis/nobody.example/v1/things",
      handler: record.handler,
      signal: stop.signal,
      log: silentLogger,
      clock: systemClock,
      random: () => 0,
    });
    await record.until("begin", 3);
    stop.abort();
    await done;
    assert.deepEqual(record.recorded, ["begin", "contact not-found", "begin", "begin"]);
  });

  test("an untrusted certificate is reported in a sentence", async () => {
    await using space = await testNamespace("reflect");
    await using account = await serviceAccount(space);
    const folder = account.environment.serviceAccount;
    await writeFile(`${folder}/ca.crt`, "");
    const api = await connect({}, account.environment);
    await assert.rejects(api.request("/version"), { code: "unreachable", message: /certificate is not trusted/ });
    api.close();
  });
});
