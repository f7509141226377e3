import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeBytes, IMAGE_MANIFEST, sha256 } from "../../../../../testing/images.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import type { ImageDetails } from "../../model/image.ts";
import { parseManifest } from "./manifest.ts";

const CONFIG = "application/vnd.oci.image.config.v1+json";

async function detailsOf(config: unknown, signal: AbortSignal, mediaType = CONFIG): Promise<ImageDetails> {
  await using registry = await startRegistryProxy();
  await using client = testClient(registry.host);
  const blob = Buffer.from(JSON.stringify(config));
  registry.answerNext(/blobs/, { status: 200, body: blob });
  const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, config: describeBytes(mediaType, blob), layers: [] }));
  const manifest = parseManifest(raw, IMAGE_MANIFEST, sha256(raw), { host: registry.host });
  return await client.details("executor-ml", manifest, signal);
}

describe("an image's own account of itself", () => {
  test("may leave everything out", async ({ signal }) => {
    for (const config of [{}, { config: null }, { config: { Labels: null }, created: null }]) {
      const { platforms, labels, created } = await detailsOf(config, signal);
      assert.deepEqual({ platforms, labels, created }, { platforms: [], labels: {}, created: undefined });
    }
  });

  test("is not believed about having been built in 1970, 1980 or at no time at all", async ({ signal }) => {
    for (const created of [
      "1970-01-01T00:00:00Z",
      "1980-01-01T00:00:01Z",
      "0001-01-01T00:00:00Z",
      "yesterday",
      "2026-11-10",
      "2026-11-10T00:00:00",
      "+275760-09-13T00:00:00Z",
    ]) {
      assert.equal((await detailsOf({ created }, signal)).created, undefined);
    }
  });

  test("is not looked for in an artifact's configuration", async ({ signal }) => {
    const details = await detailsOf({ config: { Labels: { a: "b" } } }, signal, "application/vnd.oci.empty.v1+json");
    assert.deepEqual([details.labels, details.platforms], [{}, []]);
  });

  test("reg-01: decides where its type says nothing, as Docker takes images of its early days", async ({ signal }) => {
    for (const type of ["application/octet-stream", "text/plain", "application/json", "", "no type at all"]) {
      const details = await detailsOf({ os: "linux", architecture: "amd64" }, signal, type);
      assert.deepEqual([details.configType, details.platforms], [CONFIG, ["linux/amd64"]]);
      const artifact = await detailsOf({ layers: [] }, signal, type);
      assert.notEqual(artifact.configType, CONFIG);
      assert.ok(artifact.configType, "it is described, so that nobody fetches it again");
    }
  });

  test("is refused when its labels are too many or too long", async ({ signal }) => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`l${index}`, ""]));
    await assert.rejects(detailsOf({ config: { Labels: many } }, signal), { name: "TooLargeError", limit: 1000 });
    const long = { a: "x".repeat(300_000) };
    await assert.rejects(detailsOf({ config: { Labels: long } }, signal), { name: "TooLargeError", limit: 262_144 });
  });

  test("names the variant of its processor", async ({ signal }) => {
    const details = await detailsOf({ os: "linux", architecture: "arm", variant: "v7" }, signal);
    assert.deepEqual(details.platforms, ["linux/arm/v7"]);
  });
});

test("a manifest of Docker's first schema is reported with advice to push it again", () => {
  const type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  const raw = Buffer.from('{"schemaVersion":1}');
  assert.throws(() => parseManifest(raw, type, sha256(raw), { host: "h" }), /Push it again with a current tool/);
});
