import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createResolver, type Logger } from "@executor-registry/resolver";
import {
  buildImage,
  clusterTool,
  eventually,
  killProcess,
  loadImages,
  noNode,
  removeImages,
  testNamespace,
} from "../../../testing/cluster.ts";

// Processes of the cluster are killed under a resolver that watches.

interface NodeObject {
  readonly status: {
    readonly images?: readonly { readonly names: readonly string[] | null }[];
  };
}

describe("a resolver whose cluster fails", { skip: noNode }, () => {
  test("answers while the API server is down, says that it is stale, and knows afterwards what changed meanwhile", async () => {
    await using space = await testNamespace("outage");
    const { api, name } = space;
    const path = `/api/v1/namespaces/${name}/configmaps` as const;
    await api.request(path, {
      method: "POST",
      body: { metadata: { name: "executors" }, data: { outage: "executor-outage:1" } },
    });
    const told: string[] = [];
    const logger: Logger = {
      debug() {},
      info: (_, text) => told.push(text),
      warn: (_, text) => told.push(text),
      error: (_, text) => told.push(text),
    };
    const resolver = createResolver({
      environment: "development",
      kubernetes: { namespace: name },
      ledger: "off",
      logger,
    });
    try {
      assert.equal((await resolver.resolve("outage")).image, "executor-outage:1");
      await killProcess("apiserver");
      const stale = await eventually("the loss of contact", 30_000, async () => {
        const resolution = await resolver.resolve("outage");
        return resolution.stale ? resolution : undefined;
      });
      assert.equal(stale.image, "executor-outage:1");
      assert.ok(stale.staleSince);
      assert.ok(told.includes("no contact, trying again"));
      await clusterTool("up");
      await api.request(`${path}/executors`, {
        method: "PATCH",
        contentType: "application/merge-patch+json",
        body: { data: { outage: "executor-outage:2" } },
      });
      const fresh = await eventually("recovery", 60_000, async () => {
        const resolution = await resolver.resolve("outage");
        return resolution.image === "executor-outage:2" && !resolution.stale ? resolution : undefined;
      });
      assert.equal(fresh.staleSince, undefined);
      assert.ok(told.includes("contact again"));
    } finally {
      await resolver.close();
    }
  });

  test("keeps order and holders of node images while a kubelet restarts", async () => {
    await using space = await testNamespace("kubelet");
    const tag = "c".repeat(64);
    const image = `docker.io/library/executor-kubelet:${tag}`;
    const marker = "docker.io/library/after-the-restart:1";
    const resolver = createResolver({
      environment: "development",
      kubernetes: { namespace: space.name },
      sources: ["nodes"],
      ledger: "off",
    });
    try {
      await resolver.sources();
      await loadImages(await buildImage(image, 100, "/bin/sh"));
      const before = await eventually("the image", 90_000, () => resolver.resolve("kubelet").catch(() => undefined));
      const seen = new Set<string>();
      const ending = new AbortController();
      const watching = (async () => {
        for await (const { resolution } of resolver.watch("kubelet", { signal: ending.signal }))
          seen.add(JSON.stringify(resolution ?? "none"));
      })();
      await killProcess("kubelet");
      await clusterTool("up");
      // A kubelet that finds nothing changed reports minutes later.
      await loadImages(await buildImage(marker, 100, "/bin/sh"));
      await eventually("the kubelet's report", 90_000, async () => {
        const { status } = (await space.api.request("/api/v1/nodes/node-1")) as NodeObject;
        const reported = new Set(status.images?.flatMap(({ names }) => names ?? []));
        return (reported.has(marker) && reported.has(image)) || undefined;
      });
      assert.deepEqual(await resolver.resolve("kubelet"), before);
      ending.abort();
      await watching;
      assert.deepEqual([...seen], [JSON.stringify(before)]);
    } finally {
      await resolver.close();
      await removeImages(image, marker);
    }
  });
});
