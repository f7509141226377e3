import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { deleteManifest, pushImage, pushIndex } from "../../../../../testing/push.ts";
import { collect, testClient } from "../../../../../testing/registry-client.ts";

describe("a registry that lets everybody in", { skip: noDockerRegistry }, () => {
  test("lists what was pushed, and nothing once it is deleted", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    const { digest } = await pushImage(registry, "team/executor-ml", "v1");
    await pushImage(registry, "team/executor-ml", "v2");
    await pushImage(registry, "executor-nlp", "latest");

    await client.ping(signal);
    assert.deepEqual((await collect(client.repositories(signal))).sort(), ["executor-nlp", "team/executor-ml"]);
    // The same image by both names: its options are the same.
    assert.deepEqual((await collect(client.tags("team/executor-ml", signal))).sort(), ["v1", "v2"]);

    await deleteManifest(registry, "team/executor-ml", digest);
    assert.deepEqual(await collect(client.tags("team/executor-ml", signal)), []);
  });

  test("distinguishes a repository that is not there from one without tags", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    await assert.rejects(collect(client.tags("executor-none", signal)), {
      name: "RepositoryGoneError",
      code: "not-found",
      host: registry.host,
      repository: "executor-none",
      status: 404,
    });
  });

  test("names an image by one request without its body, and says when it has not moved", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    const { digest, mediaType, size } = await pushImage(registry, "executor-ml", "v1");

    const before = client.requests;
    assert.deepEqual(await client.head("executor-ml", "v1", signal), { digest, mediaType, sizeBytes: size });
    assert.deepEqual(await client.head("executor-ml", "v1", signal, digest), { digest });
    assert.equal(client.requests - before, 2);
    assert.equal(await client.head("executor-ml", "v2", signal), undefined);

    const moved = await pushImage(registry, "executor-ml", "v1", { labels: { moved: "yes" } });
    assert.equal((await client.head("executor-ml", "v1", signal, digest))?.digest, moved.digest);
  });

  test("reads labels, time of creation and size out of an image", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    const labels = { "org.executor.owner": "ml-team" };
    const { digest } = await pushImage(registry, "executor-ml", "v1", {
      labels,
      created: "2026-01-02T03:04:05.123456789+01:00",
      size: 5000,
    });
    const manifest = await client.manifest("executor-ml", "v1", signal);
    assert.equal(manifest.digest, digest);
    const details = await client.details("executor-ml", manifest, signal);
    assert.ok(details.sizeBytes !== undefined && details.sizeBytes > 5000);
    assert.deepEqual(
      { ...details, sizeBytes: 0 },
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        configType: "application/vnd.oci.image.config.v1+json",
        platforms: ["linux/amd64"],
        sizeBytes: 0,
        created: "2026-01-02T02:04:05.123Z",
        labels,
      },
    );
  });

  test("reads a multi-platform image: its platforms without attestations, its labels from linux/amd64", async ({
    signal,
  }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    const image = (architecture: string): ReturnType<typeof pushImage> =>
      pushImage(registry, "executor-ml", undefined, { architecture, labels: { built: architecture } });
    const [arm, amd] = [await image("arm64"), await image("amd64")];
    const attestation = await pushImage(registry, "executor-ml", undefined, { labels: { built: "attestation" } });
    await pushIndex(registry, "executor-ml", "v1", [
      {
        ...attestation,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      },
      { ...arm, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      { ...amd, platform: { os: "linux", architecture: "amd64" } },
    ]);
    const details = await client.details("executor-ml", await client.manifest("executor-ml", "v1", signal), signal);
    assert.deepEqual(details.platforms, ["linux/amd64", "linux/arm64/v8"]);
    assert.deepEqual(details.labels, { built: "amd64" });
    assert.equal(details.mediaType, "application/vnd.oci.image.index.v1+json");
  });

  test("is unreachable during an outage, and there again after it", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    await client.ping(signal);
    await registry.stop();
    await assert.rejects(client.ping(signal), { code: "unreachable", retryable: true, host: registry.host });
    await registry.start();
    await client.ping(signal);
  });

  test("is distinguished from one that speaks TLS", async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host, { insecure: false });
    await assert.rejects(client.ping(signal), /does not speak TLS.*mark this registry insecure/);
  });
});
