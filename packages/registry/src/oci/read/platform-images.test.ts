import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OddRegistry, startOddRegistry } from "../../../../../testing/odd-registry.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { type PlatformImage, readPlatformImages } from "./platform-images.ts";
import { repositoryReader } from "./repository-reader.ts";

const PATH = "executor-ml";
const INDEX = "application/vnd.oci.image.index.v1+json";
const AMD64 = { os: "linux", architecture: "amd64" };

async function readAll(
  make: (registry: OddRegistry, index: (...manifests: readonly object[]) => object) => object,
  signal: AbortSignal,
): Promise<readonly PlatformImage[]> {
  await using registry = await startOddRegistry();
  await using client = testClient(registry.host);
  const index = (...manifests: readonly object[]) =>
    registry.manifest(PATH, undefined, { schemaVersion: 2, mediaType: INDEX, manifests });
  const { digest } = make(registry, index) as PlatformImage;
  return await readPlatformImages(
    repositoryReader(() => client, PATH),
    `${registry.host}/${PATH}`,
    digest,
    signal,
  );
}

const users = (images: readonly PlatformImage[]) => images.map(({ user }) => user);
const user = (User: string) => ({ config: { config: { User } } });

describe("what a container may be started from", () => {
  test("is every image of an index, also of indexes in it, and what calls itself an attestation", async ({
    signal,
  }) => {
    const images = await readAll((registry, index) => {
      const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
      return index(
        { ...registry.image(PATH, undefined, user("1")), platform: AMD64 },
        { ...registry.image(PATH, undefined, user("2")), platform: AMD64, annotations },
        { ...index({ ...registry.image(PATH, undefined, user("3")), mediaType: "application/json" }) },
        { ...registry.image(PATH, undefined, user("4")), platform: { os: "unknown", architecture: "unknown" } },
        registry.image(PATH, undefined, { ...user("5"), configType: "application/vnd.cncf.helm.config.v1+json" }),
      );
    }, signal);
    assert.deepEqual(users(images), ["1", "2", "3"]);
  });

  test("is not read beyond 32 images, indexes in indexes in indexes, and a mebibyte of configuration", async ({
    signal,
  }) => {
    const many = readAll((registry, index) => {
      return index(...Array.from({ length: 33 }, (_, place) => registry.image(PATH, undefined, user(String(place)))));
    }, signal);
    await assert.rejects(many, { name: "TooLargeError", limit: 32, retryable: false });
    const deep = readAll((registry, index) => index(index(index(registry.image(PATH, undefined)))), signal);
    await assert.rejects(deep, { name: "TooLargeError", limit: 2 });
    const large = readAll((registry) => registry.image(PATH, undefined, user("x".repeat(1 << 20))), signal);
    await assert.rejects(large, { name: "TooLargeError", limit: 1 << 20 });
  });

  test("is refused where Go's parser would see another image, user or platform", async ({ signal }) => {
    const ambiguous = {
      name: "RegistryError",
      code: "registry-protocol",
      message: /may (?:be taken|take).* for another member/,
    };
    const configured = (config: object) => readAll((registry) => registry.image(PATH, undefined, { config }), signal);
    for (const config of [
      { config: { User: "1000", user: "0" } },
      { config: { User: "1000" }, Config: { User: "0" } },
      { config: { User: "1000", "u\u017fer": "0" } },
      { rootfs: { diff_ids: [], DIFF_IDS: ["x"] } },
    ]) {
      await assert.rejects(configured(config), ambiguous);
    }
    for (const other of [
      { Platform: AMD64 },
      { platform: { os: "unknown", OS: "linux", architecture: "amd64" } },
      { Digest: "x" },
    ]) {
      const indexed = readAll((registry, index) => index({ ...registry.image(PATH, undefined), ...other }), signal);
      await assert.rejects(indexed, ambiguous);
    }
    const manifest = readAll((registry) => registry.image(PATH, undefined, { manifest: { Config: {} } }), signal);
    await assert.rejects(manifest, ambiguous);
  });

  test("gives the names of its variables alone", async ({ signal }) => {
    const config = { config: { Env: ["PATH=/bin", "TOKEN=se=cret", 1], Entrypoint: ["/run"], Cmd: null } };
    const [image] = await readAll((registry) => registry.image(PATH, undefined, { config }), signal);
    assert.deepEqual([image?.env, image?.entrypoint, image?.cmd], [["PATH", "TOKEN"], ["/run"], []]);
  });
});
