import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { describeBytes, IMAGE_INDEX, IMAGE_MANIFEST, makeImage, sha256 } from "../../../testing/images.ts";
import { pushImage } from "../../../testing/push.ts";
import { type RegistryProxy, startRegistryProxy } from "../../../testing/registry-proxy.ts";
import { timedService } from "../../../testing/timed-service.ts";
import { isDiscovered } from "../../../testing/until-discovered.ts";

const CONFIG = "application/vnd.oci.image.config.v1+json";
const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
const INTERVAL = 300_000;

/** What a tag names, and what else its repository holds. */
interface Held {
  readonly mediaType: string;
  readonly manifest: Buffer;
  readonly others: readonly Buffer[];
}

const manifestOf = (config: Buffer, more: object = { layers: [] }): Held => ({
  mediaType: IMAGE_MANIFEST,
  manifest: Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_MANIFEST, config: describeBytes(CONFIG, config), ...more }),
  ),
  others: [config],
});
const configured = (config: object | string): Held =>
  manifestOf(Buffer.from(typeof config === "string" ? config : JSON.stringify(config)));
const linux = { architecture: "amd64", os: "linux" };
const child = makeImage();
const index = (more: object): Held => ({
  mediaType: IMAGE_INDEX,
  manifest: Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_INDEX, manifests: [{ ...child.descriptor, ...more }] }),
  ),
  others: [child.manifest, ...child.blobs.values()],
});

const UNREADABLE: Readonly<Record<string, Held>> = {
  "schema 1": {
    mediaType: SCHEMA_1,
    manifest: Buffer.from(JSON.stringify({ schemaVersion: 1, name: "odd", tag: "1.0.0", fsLayers: [], history: [] })),
    others: [],
  },
  "a configuration with a byte of Latin-1": manifestOf(
    Buffer.concat([Buffer.from('{"os":"linux","author":"Ren'), Buffer.from([0xe9]), Buffer.from('"}')]),
  ),
  "a configuration that is not JSON": configured("none"),
};
const READABLE: Readonly<Record<string, Held>> = {
  "a label that is null": configured({ ...linux, config: { Labels: { maintainer: null } } }),
  "a label with a number": configured({ ...linux, config: { Labels: { stage: 3 } } }),
  "a time that is a number": configured({ ...linux, created: 1_700_000_000 }),
  "no layers": manifestOf(Buffer.from(JSON.stringify(linux)), {}),
  "null layers": manifestOf(Buffer.from(JSON.stringify(linux)), { layers: null }),
  "an empty platform": index({ platform: {} }),
  "a platform with an os only": index({ platform: { os: "linux" } }),
  "null annotations": index({ annotations: { x: null } }),
};

/** Serves `odd/executor-old:1.0.0`, whatever it is, beside what a real registry holds. */
function serveOdd(proxy: RegistryProxy, held: Held): void {
  const bytes = new Map([held.manifest, ...held.others].map((one) => [sha256(one) as string, one]));
  proxy.intercept(({ method, url = "" }, response) => {
    if (!url.startsWith("/v2/odd/executor-old/")) return false;
    const last = url.slice(url.lastIndexOf("/") + 1);
    if (url.includes("/tags/list")) {
      response.writeHead(200, { "content-type": "application/json" }).end('{"tags":["1.0.0"]}');
      return true;
    }
    const body = last === "1.0.0" ? held.manifest : bytes.get(last);
    if (body === undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(`{"errors":[{"code":"${url.includes("/manifests/") ? "MANIFEST" : "BLOB"}_UNKNOWN"}]}`);
      return true;
    }
    const isTag = body === held.manifest;
    const type = isTag ? held.mediaType : url.includes("/manifests/") ? IMAGE_MANIFEST : "application/octet-stream";
    const headers = { "content-type": type, "content-length": body.length, "docker-content-digest": sha256(body) };
    response.writeHead(200, headers).end(method === "HEAD" ? undefined : body);
    return true;
  });
}

describe("reg-03: one tag beside a healthy executor", { skip: noDockerRegistry, timeout: 110_000 }, () => {
  for (const [what, held] of Object.entries({ ...UNREADABLE, ...READABLE })) {
    test(what, async () => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, "team/executor-rel", "1.0.0");
      await using proxy = await startRegistryProxy(registry.url);
      serveOdd(proxy, held);
      const repositories = '["team/executor-rel", "odd/executor-old"]';
      await using service = await timedService(
        `kind: oci, host: "${proxy.host}", insecure: true, repositories: ${repositories}, interval: 5m, jitter: 0`,
      );
      assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
      assert.equal(await service.version("rel"), "1.0.0");
      const health = await service.health();
      const text = JSON.stringify(health);
      const [answer, versions] = await Promise.all([service.version("old"), service.states("old").catch(() => ({}))]);
      const bad = what in UNREADABLE;
      assert.equal(health.status, bad ? "degraded" : "ok", text);
      assert.equal(/odd\/executor-old:1\.0\.0: /.test(text), bad, text);
      if (bad) assert.equal(answer, 404);
      else assert.deepEqual([answer, versions], ["1.0.0", { "1.0.0": "admitted" }]);

      await service.passUntil(() => isDiscovered(service.url));
      const fetched = (): number =>
        proxy.requests.filter(({ line }) => /^GET .*odd\/.*(manifests|blobs)/.test(line)).length;
      const before = fetched();
      assert.ok(before > 0);
      await service.poll(INTERVAL);
      await service.poll(INTERVAL);
      assert.equal(fetched(), before, "nothing of it is fetched again");
      assert.equal((await service.health()).status, bad ? "degraded" : "ok");
    });
  }
});
