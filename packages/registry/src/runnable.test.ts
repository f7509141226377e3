import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { IMAGE_MANIFEST, type ImageOptions, writeLayout } from "../../../testing/images.ts";
import { pushImage, pushIndex } from "../../../testing/push.ts";
import { testClient } from "../../../testing/registry-client.ts";
import { silentLogger, repositoryAt } from "@executor-registry/resolver";
import { createNaming } from "./model/naming.ts";
import { unknownType } from "./choice/unknown-type.ts";
import type { ListedImage } from "./sources/image-source.ts";
import { createOciSource } from "./sources/oci/oci.ts";
import { createOciLayoutSource } from "./sources/layout/oci-layout.ts";
import { openStore } from "./stores/open.ts";
import { scriptedSource, unreadable } from "./testing/scripted-source.ts";
import { openScanning } from "./testing/scanning.ts";
import type { ImageDetails } from "./model/image.ts";
import { runnableCheck } from "./checks/runnable.ts";

const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", text: "{}" };
const CACHE = { mediaType: "application/vnd.buildkit.cacheconfig.v0", text: '{"layers":[],"records":[]}' };
const CHART = {
  mediaType: "application/vnd.cncf.helm.config.v1+json",
  text: '{"name":"dyn","version":"1.5.0","apiVersion":"v2"}',
};
const HUB = { mediaType: "application/vnd.cncf.artifacthub.config.v1+yaml", text: "{}" };

const image: ImageOptions = {
  created: "2026-11-10T00:00:00Z",
  labels: { "executor-registry.dev/capabilities": "cuda" },
  size: 10,
};
const artifacts: readonly (readonly [what: string, tag: string, options: ImageOptions, reason: RegExp])[] = [
  ["reg-01a: a build cache", "buildcache", { config: CACHE, size: 10 }, /it is a build cache \(application\/vnd/],
  [
    "reg-02: a Helm chart",
    "1.5.0",
    { config: CHART, size: 10, layerType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip" },
    /it is a Helm chart/,
  ],
  ["reg-02: Artifact Hub's metadata", "artifacthub.io", { config: HUB }, /it is metadata of Artifact Hub/],
  [
    "reg-02: an artifact without a configuration",
    "2.0.0",
    { config: EMPTY, artifactType: "application/vnd.example.model.v1", size: 5, layerType: "application/octet-stream" },
    /it is an artifact \(application\/vnd\.example\.model\.v1\)/,
  ],
  [
    "a neighbour: an attestation under an image's configuration",
    "attested",
    { size: 5, layerType: "application/vnd.in-toto+json" },
    /it is an attestation/,
  ],
  [
    "a neighbour: an SBOM under an image's configuration",
    "sbom",
    { size: 5, layerType: "text/spdx+json" },
    /it is an artifact \(text\/spdx\+json\)/,
  ],
];

describe("what lies beside images", { skip: noDockerRegistry }, () => {
  for (const [what, tag, options, reason] of artifacts) {
    test(`${what} is rejected, and never current`, async () => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, "team/executor-ml", "1.1.0", image);
      const pushed = await pushImage(registry, "team/executor-ml", tag, options);
      await using scanning = await openScanning({ registries: [registry] });
      await scanning.scan();
      const document = scanning.choices.snapshot.document("ml");
      assert.deepEqual([document?.version, document?.capabilities, document?.versions], ["1.1.0", ["cuda"], 1]);
      assert.deepEqual(document?.warnings, [], "what is pushed with every image is no newer image that waits");
      const rejected = [...(scanning.catalogue.type("ml")?.images ?? [])].find(({ state }) => state === "rejected");
      assert.equal(rejected?.digest, pushed.digest);
      assert.match(rejected.verdicts.find(({ state }) => state === "failed")?.reason ?? "", reason);
    });
  }

  test("reg-02: a repository with a chart alone makes no type, and its reason says why", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "charts/executor-nlp", "0.3.0", { config: CHART });
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), {});
    assert.match(
      unknownType("nlp", scanning.choices, { health: () => [], typesOf: () => [] }).message,
      /it is a Helm chart/,
    );
  });

  test("an oci-layout's chart is rejected as a registry's is", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "layout-"));
    t.after(() => rm(folder, { recursive: true }));
    await writeLayout(folder, {
      "r.test/executor-ml:1.0.0": image,
      "r.test/executor-ml:2.0.0": { config: CHART },
      "r.test/executor-nlp:1.0.0": { config: CACHE },
    });
    const naming = createNaming({ template: "executor-{type}" });
    await using scanning = await openScanning({
      sources: [createOciLayoutSource({ name: "folder", path: folder, naming })],
    });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
  });

  test("reg-01: where the registry reports when images were pushed, caches among the last do not hide the last image", async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await pushImage(registry, "executor-ml", "1.1.0", image);
    const listed: ListedImage[] = [{ digest, tags: ["1.1.0"], pushed: "2026-11-01T00:00:00.000Z" }];
    for (let n = 0; n < 25; n += 1) {
      const cache = await pushImage(registry, "executor-ml", `cache-${n}`, { config: CACHE, size: 5 });
      listed.push({ digest: cache.digest, tags: [`cache-${n}`], pushed: `2026-11-02T00:00:${10 + n}.000Z` });
    }
    const naming = createNaming({ template: "executor-{type}" });
    const client = testClient(registry.host);
    const oci = createOciSource({ name: "oci", client, repositories: ["**"], naming, log: silentLogger });
    // Amazon ECR and Artifact Registry list so: times of push, and nothing of what a manifest holds.
    const listing = {
      state: "listed",
      repository: repositoryAt(registry.host, "executor-ml"),
      images: listed,
      unread: [],
    } as const;
    const source = {
      ...oci,
      requests: 0,
      scan: async (_: unknown, found: (seen: typeof listing) => Promise<void>) => (
        await found(listing),
        { complete: true }
      ),
    };
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual([document?.version, document?.versions, document?.validated], ["1.1.0", 1, true]);
  });

  test("images of an older journal, whose details do not say what they hold, stay admitted until they are read again", async () => {
    await using registry = await startDockerRegistry();
    const cache = await pushImage(registry, "executor-ml", "cache", { config: CACHE, size: 5 });
    const store = await openStore("memory:");
    const kept = { ...store, close: () => Promise.resolve() };
    const old = scriptedSource(async (_request, found) => {
      const details = { mediaType: IMAGE_MANIFEST, platforms: [], labels: {} };
      await found({
        state: "listed",
        repository: repositoryAt(registry.host, "executor-ml"),
        images: [{ digest: cache.digest, tags: ["cache"], details }],
        unread: [],
      });
      return { complete: true };
    });
    {
      await using before = await openScanning({ sources: [{ ...old, name: "registry-1" }], store: kept });
      await before.scan();
      assert.deepEqual(before.versions(), { ml: "cache" });
    }
    await using scanning = await openScanning({ registries: [registry], store: kept });
    assert.deepEqual(scanning.versions(), { ml: "cache" });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), {});
  });

  test("reg-02: an index of attestations alone is rejected", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.1.0", image);
    const attestation = await pushImage(registry, "team/executor-ml", undefined, {
      size: 5,
      layerType: "application/vnd.in-toto+json",
    });
    await pushIndex(registry, "team/executor-ml", "2.0.0", [
      { ...attestation, platform: { os: "unknown", architecture: "unknown" } },
    ]);
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.1.0" });
  });

  test("an index whose only child is an index of images keeps their platforms and labels", async () => {
    await using registry = await startDockerRegistry();
    const child = await pushImage(registry, "team/executor-ml", undefined, image);
    const inner = await pushIndex(registry, "team/executor-ml", "inner", [
      { ...child, platform: { os: "linux", architecture: "amd64" } },
    ]);
    await pushIndex(registry, "team/executor-ml", "2.0.0", [inner]);
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const outer = [...(scanning.catalogue.type("ml")?.images ?? [])].find(({ tags }) => tags.includes("2.0.0"));
    assert.deepEqual([outer?.state, outer?.details?.platforms], ["admitted", ["linux/amd64"]]);
    assert.deepEqual(outer?.details?.labels, image.labels);
  });
});

describe("an image's details", () => {
  const details = (more: Partial<ImageDetails>): ImageDetails => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    platforms: [],
    labels: {},
    ...more,
  });
  for (const [what, more, state] of [
    ["reg-01b: an index of layers and a cache's configuration", { holdsImage: false }, "failed"],
    ["an index of charts", { holdsImage: true, configType: CHART.mediaType }, "failed"],
    [
      "an index of charts that names platforms",
      { holdsImage: true, configType: CHART.mediaType, platforms: ["linux/amd64"] },
      "failed",
    ],
    [
      "an image with an artifact's type, which its configuration is not",
      { configType: "application/vnd.oci.image.config.v1+json", artifactType: "application/vnd.x" },
      "passed",
    ],
    ["read before what it holds was noted", {}, "passed"],
    ["read before that, with a platform", { platforms: ["linux/amd64"] }, "passed"],
  ] as const) {
    test(`${what}: ${state}`, async ({ signal }) => {
      const subject = {
        repository: repositoryAt("r.test", "executor-ml"),
        digest: `sha256:${"a".repeat(64)}` as const,
        tags: ["1"],
      };
      const image = { ...subject, details: details(more) };
      const verdict = await runnableCheck.judge({ image, reader: unreadable }, signal);
      assert.equal(verdict.state, state);
    });
  }
});
