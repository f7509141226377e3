import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { IMAGE_MANIFEST } from "../../../../testing/images.ts";
import { deleteManifest, pushImage, pushIndex } from "../../../../testing/push.ts";
import { startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { openScanning } from "../testing/scanning.ts";

const missing = (code: string) => ({
  status: 404,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ errors: [{ code, message: "unknown" }] }),
});

describe("an image of which a part is missing", { skip: noDockerRegistry }, () => {
  test("reg-05: an index with one remaining child is described by that child", async () => {
    await using registry = await startDockerRegistry();
    const amd64 = await pushImage(registry, "team/executor-half", undefined, { architecture: "amd64" });
    const arm64 = await pushImage(registry, "team/executor-half", undefined, {
      architecture: "arm64",
      labels: { "executor-registry.dev/owner": "ml-team" },
    });
    await pushIndex(registry, "team/executor-half", "1.0.0", [
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
      { ...arm64, platform: { os: "linux", architecture: "arm64" } },
    ]);
    await deleteManifest(registry, "team/executor-half", amd64.digest);
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("half");
    assert.deepEqual([document?.platforms, document?.owner], [["linux/arm64"], "ml-team"]);
    assert.equal(scanning.scanner.health[0]?.unread, 0);
  });

  test("reg-05: platforms name only what is there, whichever children are gone, for a request each, once", async () => {
    await using registry = await startDockerRegistry();
    const children = await Promise.all(
      ["amd64", "arm64", "ppc64le", "s390x"].map(async (architecture) => {
        const image = await pushImage(registry, "team/executor-half", undefined, { architecture });
        return { ...image, platform: { os: "linux", architecture } };
      }),
    );
    await pushIndex(registry, "team/executor-half", "1.0.0", children);
    for (const child of [children[1], children[3]]) {
      await deleteManifest(registry, "team/executor-half", child?.digest as Digest);
    }
    await using proxy = await startRegistryProxy(registry.url);
    await using scanning = await openScanning({ registries: [proxy] });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("half");
    assert.deepEqual(document?.platforms, ["linux/amd64", "linux/ppc64le"]);
    assert.equal(scanning.scanner.health[0]?.unread, 0);
    const heads = (): number => proxy.requests.filter(({ line }) => line.includes("/manifests/sha256:")).length;
    const before = heads();
    await scanning.scan();
    assert.equal(heads(), before);
  });

  test("reg-05: while a child cannot be looked up, the tag is unread; what is refused counts as there", async () => {
    await using registry = await startDockerRegistry();
    const children = await Promise.all(
      ["amd64", "arm64"].map(async (architecture) => {
        const image = await pushImage(registry, "team/executor-half", undefined, { architecture });
        return { ...image, platform: { os: "linux", architecture } };
      }),
    );
    await pushIndex(registry, "team/executor-half", "1.0.0", children);
    await using proxy = await startRegistryProxy(registry.url);
    let status = 502;
    proxy.intercept(({ url = "" }, response) => {
      if (!url.endsWith(children[1]?.digest ?? "") || status === 200) return false;
      response.writeHead(status).end();
      return true;
    });
    await using scanning = await openScanning({ registries: [proxy] });
    await scanning.scan();
    assert.deepEqual([scanning.versions(), scanning.scanner.health[0]?.unread], [{}, 1]);
    status = 403;
    await scanning.scan();
    assert.deepEqual(scanning.choices.snapshot.document("half")?.platforms, ["linux/amd64", "linux/arm64"]);
  });

  test("reg-05: an index of which every child is gone keeps its tag unread, with the digest of what is missing", async () => {
    await using registry = await startDockerRegistry();
    const amd64 = await pushImage(registry, "team/executor-half", undefined, { architecture: "amd64" });
    await pushIndex(registry, "team/executor-half", "1.0.0", [
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
    ]);
    await deleteManifest(registry, "team/executor-half", amd64.digest);
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const health = scanning.scanner.health[0];
    assert.deepEqual([health?.state, health?.unread], ["failing", 1]);
    assert.match(health?.incomplete?.[0] ?? "", new RegExp(`executor-half:1\\.0\\.0: .*${amd64.digest}`));
    const [unread] = scanning.catalogue.readsOf(`${registry.host}/team/executor-half`)?.unread ?? [];
    assert.equal(unread?.tag, "1.0.0");
  });

  test("reg-05: a configuration that is missing keeps its tag unread", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-half", "1.0.0");
    await using proxy = await startRegistryProxy(registry.url);
    proxy.answerNext(/\/blobs\//, missing("BLOB_UNKNOWN"), 10);
    await using scanning = await openScanning({ registries: [proxy] });
    await scanning.scan();
    assert.deepEqual([scanning.scanner.health[0]?.state, scanning.scanner.health[0]?.unread], ["failing", 1]);
    assert.match(scanning.scanner.health[0]?.incomplete?.[0] ?? "", /names configuration sha256:/);
  });

  test("reg-03: what can never be read is not fetched again at every scan, but when somebody asks", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-rel", "1.0.0");
    const odd = { schemaVersion: 2, mediaType: IMAGE_MANIFEST, config: "none", layers: [] };
    await using proxy = await startRegistryProxy(registry.url);
    const body = JSON.stringify(odd);
    proxy.intercept((request, response) => {
      const { method, url = "" } = request;
      if (/executor-old\/tags\/list/.test(url)) {
        response.writeHead(200, { "content-type": "application/json" }).end('{"tags":["1.0.0"]}');
        return true;
      }
      if (!/executor-old\/manifests/.test(url)) return false;
      response.writeHead(200, { "content-type": IMAGE_MANIFEST }).end(method === "HEAD" ? undefined : body);
      return true;
    });
    const repositories = ["team/executor-rel", "odd/executor-old"];
    await using scanning = await openScanning({ registries: [{ host: proxy.host, repositories }] });
    await scanning.scan();
    const fetched = () => proxy.requests.filter(({ line }) => /GET .*executor-old\/manifests/.test(line)).length;
    assert.equal(fetched(), 1);
    await scanning.scan();
    await scanning.scan();
    assert.equal(fetched(), 1);
    assert.deepEqual(scanning.versions(), { rel: "1.0.0" });
    assert.match(scanning.scanner.health[0]?.incomplete?.join() ?? "", /odd\/executor-old:1\.0\.0/);
    await scanning.scanner.refresh({ actor: "user:eve", why: "refresh" });
    assert.ok(fetched() > 1);
  });
});
