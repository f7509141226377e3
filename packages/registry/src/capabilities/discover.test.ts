import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { repositoryAt } from "@executor-registry/resolver";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import type { BlobDescriptor } from "../../../../testing/images.ts";
import { pushImage, pushIndex } from "../../../../testing/push.ts";
import { testClient } from "../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { attachByTag, attachReferrer, pushAttestation, sbomEnvelope, sbomStatement } from "../../../../testing/sbom.ts";
import type { CapabilityFindings } from "../model/capability.ts";
import { repositoryReader } from "../oci/read/repository-reader.ts";
import { discover } from "./discover.ts";

const PATH = "team/executor-ml";
const SPDX = "application/spdx+json";
const CYCLONEDX = "application/vnd.cyclonedx+json";
const IN_TOTO = "application/vnd.in-toto+json";
const DSSE = "application/vnd.dsse.envelope.v1+json";
const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const sample = async (name: string): Promise<object> =>
  JSON.parse(await readFile(new URL(`testing/${name}.json`, import.meta.url), "utf8")) as object;

const found = async (host: string, { digest }: BlobDescriptor, signal: AbortSignal): Promise<CapabilityFindings> => {
  await using client = testClient(host);
  return await discover(
    { repository: repositoryAt(host, PATH), digest },
    repositoryReader(() => client, PATH),
    signal,
  );
};
const names = ({ capabilities }: CapabilityFindings): readonly string[] =>
  capabilities.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`));
const evidenceOf = ({ capabilities }: CapabilityFindings, name: string): string | undefined =>
  capabilities.find((one) => one.name === name)?.evidence;

describe("what an image can do", { skip: noDockerRegistry }, () => {
  let registry: DockerRegistry;
  before(async () => void (registry = await startDockerRegistry()));
  after(() => registry[Symbol.asyncDispose]());

  const push = (env: readonly string[] = [], architecture = "amd64") =>
    pushImage(registry, PATH, undefined, { size: 16, env, architecture });

  test("is what its variables and platform declare, and no more is known without an SBOM", async ({ signal }) => {
    const image = await push(["PATH=/bin", "CUDA_VERSION=12.4.1", "API_TOKEN=secret"]);
    const { sboms, incomplete, capabilities } = await found(registry.host, image, signal);
    assert.deepEqual({ sboms, incomplete }, { sboms: 0, incomplete: "no SBOM of it was read" });
    assert.deepEqual(capabilities, [
      { name: "amd64", from: "platform", strength: "found", evidence: "linux/amd64" },
      { name: "cuda", version: "12.4.1", from: "environment", strength: "declared", evidence: "CUDA_VERSION=12.4.1" },
    ]);
  });

  const SPDX_SHOWS = ["amd64", "cuda 12.4", "python 3.11.2", "pytorch 2.4.0", "transformers 4.44.2"];
  const attachments: Record<string, (image: BlobDescriptor, sbom: object) => Promise<unknown>> = {
    "an SBOM that refers to it": (image, sbom) =>
      attachReferrer(registry, PATH, image, SPDX, { mediaType: SPDX, content: sbom }),
    "a statement that refers to it": (image, sbom) =>
      attachReferrer(registry, PATH, image, IN_TOTO, {
        mediaType: IN_TOTO,
        content: sbomStatement(image.digest, sbom),
      }),
    "a signed bundle that refers to it": (image, sbom) =>
      attachReferrer(registry, PATH, image, BUNDLE, {
        mediaType: BUNDLE,
        content: { mediaType: BUNDLE, dsseEnvelope: sbomEnvelope(sbomStatement(image.digest, sbom)) },
      }),
    "cosign's tag of attestations": (image, sbom) =>
      attachByTag(registry, PATH, image, ".att", {
        mediaType: DSSE,
        content: sbomEnvelope(sbomStatement(image.digest, sbom)),
        annotations: { predicateType: "https://spdx.dev/Document" },
      }),
    "cosign's tag of SBOMs": (image, sbom) =>
      attachByTag(registry, PATH, image, ".sbom", { mediaType: "text/spdx+json", content: sbom }),
  };
  for (const [where, attach] of Object.entries(attachments)) {
    test(`is found in ${where}`, async ({ signal }) => {
      const image = await push();
      await attach(image, await sample("spdx-2.3"));
      const { rules, ...all } = await found(registry.host, image, signal);
      assert.deepEqual(names(all), SPDX_SHOWS);
      assert.deepEqual([all.sboms, all.incomplete, rules?.length], [1, undefined, 16]);
    });
  }

  test("is found in BuildKit's attestations, of each platform its own", async ({ signal }) => {
    const [amd64, arm64] = [await push(), await push([], "arm64")];
    const entries = [
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
      { ...arm64, platform: { os: "linux", architecture: "arm64" } },
      await pushAttestation(registry, PATH, amd64, await sample("spdx-2.3")),
      await pushAttestation(registry, PATH, arm64, await sample("cyclonedx-1.6")),
    ];
    const index = await pushIndex(registry, PATH, "multi", entries);
    const all = await found(registry.host, index, signal);
    assert.equal(all.sboms, 2);
    assert.deepEqual(
      [evidenceOf(all, "cuda"), evidenceOf(all, "spacy"), evidenceOf(all, "arm64"), evidenceOf(all, "pytorch")],
      [
        "package cudatoolkit@11.8.0",
        "pkg:pypi/spacy@3.7.5 (linux/arm64 only)",
        "linux/arm64",
        "pkg:pypi/torch@2.4.0+cu124",
      ],
    );
    assert.ok(names(all).includes("cuda 11.8"), "of two platforms' versions the lower counts");
  });

  test("is found in an SBOM of the index, for all of its platforms", async ({ signal }) => {
    const entries = [
      { ...(await push()), platform: { os: "linux", architecture: "amd64" } },
      { ...(await push([], "arm64")), platform: { os: "linux", architecture: "arm64" } },
    ];
    const index = await pushIndex(registry, PATH, "whole", entries);
    await attachReferrer(registry, PATH, index, CYCLONEDX, {
      mediaType: CYCLONEDX,
      content: await sample("cyclonedx-1.5"),
    });
    assert.deepEqual(names(await found(registry.host, index, signal)), [
      "amd64",
      "arm64",
      "java 17.0.12",
      "spark 3.5.1",
    ]);
  });

  test("is not found in what is attached and is something else", async ({ signal }) => {
    const image = await push();
    const provenance = { mediaType: IN_TOTO, content: sbomStatement(image.digest, { builder: {} }) };
    const annotations = { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" };
    await attachReferrer(registry, PATH, image, IN_TOTO, { ...provenance, annotations });
    const { sboms, incomplete } = await found(registry.host, image, signal);
    assert.deepEqual({ sboms, incomplete }, { sboms: 0, incomplete: "no SBOM of it was read" });
  });

  test("is found in one SBOM that is attached to each platform", async ({ signal }) => {
    const entries = [
      { ...(await push()), platform: { os: "linux", architecture: "amd64" } },
      { ...(await push([], "arm64")), platform: { os: "linux", architecture: "arm64" } },
    ];
    const index = await pushIndex(registry, PATH, "each", entries);
    const layer = { mediaType: SPDX, content: await sample("spdx-2.3") };
    for (const entry of entries) await attachReferrer(registry, PATH, entry, SPDX, layer);
    assert.equal(evidenceOf(await found(registry.host, index, signal), "pytorch"), "pkg:pypi/torch@2.4.0+cu124");
  });

  test("is looked for in no more than anybody attaches, and that is said", async ({ signal }) => {
    const image = await push();
    const many = Array.from({ length: 60 }, (_, index) => ({ mediaType: SPDX, content: { index } }));
    await attachReferrer(registry, PATH, image, SPDX, ...many);
    await using proxy = await startRegistryProxy(registry.url);
    const { incomplete, rules } = await found(proxy.host, image, signal);
    assert.match(incomplete ?? "", /23 more could not be read$/);
    assert.notEqual(rules, undefined);
    assert.ok(proxy.requests.length < 35, `${proxy.requests.length} requests`);

    const [subject, referrer] = [await push(), await attachReferrer(registry, PATH, image, SPDX)];
    const listed = Array.from({ length: 200 }, (_, index) => ({
      ...referrer,
      artifactType: SPDX,
      digest: `sha256:${String(index).padStart(64, "0")}` as const,
    }));
    proxy.intercept((request, response) => {
      if (!request.url?.includes(`/manifests/${subject.digest.replace(":", "-")}`)) return false;
      if (request.url.endsWith(".att") || request.url.endsWith(".sbom")) return false;
      response.writeHead(200, { "content-type": "application/vnd.oci.image.index.v1+json" });
      response.end(JSON.stringify({ schemaVersion: 2, manifests: listed }));
      return true;
    });
    const before = proxy.requests.length;
    await found(proxy.host, subject, signal);
    assert.ok(proxy.requests.length - before < 60, `${proxy.requests.length - before} requests`);
  });

  for (const [what, content, why] of [
    ["damaged", Buffer.from('{"spdxVersion": "SPDX-2.3", "packages": [{'), /it ends in the middle/],
    ["no SBOM", { hello: "world" }, /in none of the formats that are read/],
    ["nested too deeply", Buffer.from(`{"packages":${"[".repeat(1e6)}`), /nests deeper than 64 levels/],
    ["of another image", sbomStatement(`sha256:${"f".repeat(64)}`, {}), /a statement about another image/],
  ] as const) {
    test(`says what could not be read of it: an SBOM that is ${what}`, async ({ signal }) => {
      const image = await push(["PYTHON_VERSION=3.12.4"]);
      await attachReferrer(registry, PATH, image, SPDX, { mediaType: SPDX, content });
      const { rules, ...all } = await found(registry.host, image, signal);
      assert.match(all.incomplete ?? "", why);
      assert.deepEqual(names(all), ["amd64", "python 3.12.4"]);
      assert.notEqual(rules, undefined, "it stays as it is: looking again would bring the same");
    });
  }

  test("is looked for again where the registry fails, and nothing is concluded from that", async ({ signal }) => {
    const image = await push(["NODE_VERSION=22.1.0"]);
    await attachByTag(registry, PATH, image, ".sbom", {
      mediaType: "text/spdx+json",
      content: await sample("spdx-3.0"),
    });
    await using proxy = await startRegistryProxy(registry.url);
    for (const failing of [/\/referrers\//, /manifests\/sha256-[0-9a-f]+\.sbom/, /blobs\//]) {
      const restore = proxy.intercept((request, response) => {
        if (!failing.test(request.url ?? "")) return false;
        response.writeHead(403).end();
        return true;
      });
      const { rules, incomplete } = await found(proxy.host, image, signal);
      restore();
      assert.equal(rules, undefined, String(failing));
      assert.match(incomplete ?? "", /cannot be read/);
    }
    assert.deepEqual(names(await found(proxy.host, image, signal)), [
      "amd64",
      "cuda 12.4",
      "node 22.1.0",
      "vllm 0.6.3",
    ]);
  });
});
