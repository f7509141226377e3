import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { type BlobDescriptor, IMAGE_INDEX, makeIndex } from "../../../../../testing/images.ts";
import { pushImage, pushIndex } from "../../../../../testing/push.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";

const signature = "application/vnd.dev.cosign.artifact.sig.v1+json";
const sbom = "application/spdx+json";

const entry = (artifactType: string, digit: string): BlobDescriptor & { artifactType: string } => ({
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: `sha256:${digit.repeat(64)}`,
  size: 7,
  artifactType,
});
const subject = `sha256:${"a".repeat(64)}` as const;

describe("what refers to an image", () => {
  test("is found by tag in a registry without the referrers API", { skip: noDockerRegistry }, async ({ signal }) => {
    await using registry = await startDockerRegistry();
    await using client = testClient(registry.host);
    const image = await pushImage(registry, "executor-ml", "v1");
    assert.deepEqual(await client.referrers("executor-ml", image.digest, undefined, signal), []);

    const signed = await pushImage(registry, "executor-ml", undefined, { artifactType: signature, subject: image });
    const listed = await pushImage(registry, "executor-ml", undefined, { artifactType: sbom, subject: image });
    await pushIndex(registry, "executor-ml", image.digest.replace(":", "-"), [
      { ...signed, artifactType: signature, annotations: { by: "ci" } },
      { ...listed, artifactType: sbom },
    ]);
    const all = await client.referrers("executor-ml", image.digest, undefined, signal);
    assert.deepEqual(
      all.map(({ digest }) => digest),
      [signed.digest, listed.digest],
    );
    const [found, ...others] = await client.referrers("executor-ml", image.digest, signature, signal);
    assert.deepEqual(found, { ...signed, artifactType: signature, annotations: { by: "ci" } });
    assert.deepEqual(others, []);
    assert.equal((await client.manifest("executor-ml", signed.digest, signal)).subject?.digest, image.digest);
  });

  test("is read page by page from the API, whether or not it filters", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const headers = { "content-type": IMAGE_INDEX };
    registry.answerNext(/referrers.*page=2/, { status: 200, headers, body: makeIndex([entry(signature, "2")]) });
    registry.answerNext(/referrers.*artifactType/, {
      status: 200,
      headers: { ...headers, link: '<?page=2>; rel="next"' },
      body: makeIndex([entry(sbom, "1"), entry(signature, "3")]),
    });
    const found = await client.referrers("executor-ml", subject, signature, signal);
    assert.deepEqual(
      found.map(({ digest }) => digest[7]),
      ["3", "2"],
    );
    assert.equal(registry.requests.length, 2);
  });

  for (const [what, answer] of [
    ["answers 405", { status: 405 }],
    ["answers 406", { status: 406 }],
    ["answers 200 with a page for people", { status: 200, headers: { "content-type": "text/html" }, body: "<html>" }],
  ] as const) {
    test(`is looked for by tag where the API ${what}`, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      await using client = testClient(registry.host);
      registry.answerNext(/referrers/, answer);
      registry.answerNext(new RegExp(`manifests/${subject.replace(":", "-")}$`), {
        status: 200,
        headers: { "content-type": IMAGE_INDEX },
        body: makeIndex([entry(signature, "1")]),
      });
      assert.equal((await client.referrers("executor-ml", subject, undefined, signal)).length, 1);
    });
  }

  test("is given without a type where the list does not say it, whichever is asked for", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const { artifactType: _, ...untyped } = entry(sbom, "1");
    // As cosign 2 and 3 write the tag: the type of the empty configuration.
    const placeholder = entry("application/vnd.oci.empty.v1+json", "2");
    registry.answerNext(/referrers/, {
      status: 200,
      headers: { "content-type": IMAGE_INDEX },
      body: makeIndex([untyped, placeholder, entry(sbom, "3"), entry(signature, "4")]),
    });
    const found = await client.referrers("executor-ml", subject, signature, signal);
    assert.deepEqual(
      found.map(({ digest, artifactType }) => [digest[7], artifactType]),
      [
        ["1", undefined],
        ["2", undefined],
        ["4", signature],
      ],
    );
  });

  test("is not taken for nothing while the registry fails", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/referrers/, { status: 500 }, Infinity);
    await assert.rejects(client.referrers("executor-ml", subject, undefined, signal), {
      code: "unreachable",
      status: 500,
    });
  });
});
