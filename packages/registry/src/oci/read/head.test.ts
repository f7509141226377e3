import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { pushImage } from "../../../../../testing/push.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import { createHostPacer } from "../wire/pacing.ts";

describe("reg-11: where HEAD is refused and GET works", { skip: noDockerRegistry }, () => {
  for (const status of [400, 401, 403, 404, 405, 406, 415, 422, 500, 501, 502]) {
    test(`by ${status}, a tag is looked up by GET, and HEAD is not tried again`, async ({ signal }) => {
      await using registry = await startDockerRegistry();
      await using proxy = await startRegistryProxy(registry.url);
      await using client = testClient(proxy.host);
      const old = await pushImage(registry, "team/executor-ml", "latest");
      const { digest } = await pushImage(registry, "team/executor-ml", "latest", { labels: { moved: "yes" } });
      proxy.answerNext(/^HEAD/, { status }, Infinity);
      assert.equal((await client.head("team/executor-ml", "latest", signal, old.digest))?.digest, digest);
      const before = proxy.requests.length;
      assert.deepEqual(await client.head("team/executor-ml", "latest", signal, digest), { digest });
      const [only, ...more] = proxy.requests.slice(before);
      assert.equal(more.length, 0);
      assert.match(only?.line ?? "", /^GET/);
      assert.equal(await client.head("team/executor-ml", "none", signal), undefined);
    });
  }

  test("without a digest in its answer, likewise", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using proxy = await startRegistryProxy(registry.url);
    await using client = testClient(proxy.host);
    const { digest } = await pushImage(registry, "team/executor-ml", "latest");
    proxy.answerNext(/^HEAD/, { status: 200 }, Infinity);
    for (let times = 0; times < 2; times += 1) {
      assert.equal((await client.head("team/executor-ml", "latest", signal))?.digest, digest);
    }
    assert.equal(proxy.requests.filter(({ line }) => line.startsWith("HEAD")).length, 1);
  });

  for (const [how, cut] of [
    ["held for ever", false],
    ["cut", true],
  ] as const) {
    test(`where HEADs are ${how}, likewise`, async ({ signal }) => {
      await using registry = await startDockerRegistry();
      await using proxy = await startRegistryProxy(registry.url);
      const clock = manualClock();
      const pacer = createHostPacer("here", { clock, random: () => 0, rate: Infinity });
      await using client = testClient(proxy.host, { clock, pacer });
      const { digest } = await pushImage(registry, "team/executor-ml", "latest");
      proxy.intercept(({ method, socket }) => {
        if (method !== "HEAD") return false;
        if (cut) socket.resetAndDestroy();
        else void clock.advance(30_000);
        return true;
      });
      for (let times = 0; times < 2; times += 1) {
        assert.equal((await client.head("team/executor-ml", "latest", signal))?.digest, digest);
      }
      const heads = proxy.requests.filter(({ line }) => line.startsWith("HEAD")).length;
      assert.equal(heads, cut ? 4 : 1);
    });
  }

  test("it is tried again when GET fails too, and after an hour", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using proxy = await startRegistryProxy(registry.url);
    const clock = manualClock();
    const pacer = createHostPacer("here", { clock, random: () => 0, rate: Infinity });
    await using client = testClient(proxy.host, { clock, pacer });
    await pushImage(registry, "team/executor-ml", "latest");
    const heads = (): number => proxy.requests.filter(({ line }) => line.startsWith("HEAD")).length;
    proxy.answerNext(/^HEAD/, { status: 403 });
    await client.head("team/executor-ml", "latest", signal);
    proxy.answerNext(/^GET/, { status: 403 });
    await assert.rejects(client.head("team/executor-ml", "latest", signal), { code: "forbidden" });
    assert.equal(heads(), 1);
    await client.head("team/executor-ml", "latest", signal);
    assert.equal(heads(), 2);

    proxy.answerNext(/^HEAD/, { status: 403 });
    await client.head("team/executor-ml", "latest", signal);
    await client.head("team/executor-ml", "latest", signal);
    assert.equal(heads(), 3);
    await clock.advance(3600_000);
    await client.head("team/executor-ml", "latest", signal);
    assert.equal(heads(), 4);
  });

  test("a registry that is busy is not asked by GET as well", async ({ signal }) => {
    await using proxy = await startRegistryProxy();
    await using client = testClient(proxy.host);
    proxy.answerNext(/^HEAD/, { status: 429, headers: { "retry-after": "3600" } }, Infinity);
    await assert.rejects(client.head("team/executor-ml", "latest", signal), { code: "throttled" });
    assert.equal(proxy.requests.filter(({ line }) => line.startsWith("GET")).length, 0);
  });
});
