import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ExecutorDocument } from "@executor-registry/resolver";
import type { VersionsPage } from "@executor-registry/resolver/internal";
import { exampleService } from "../../../testing/example-service.ts";
import { writeLayout } from "../../../testing/images.ts";
import { parseConfig } from "./config/parse-config.ts";

const IMAGE = "r.test/team/executor-ml";
const TYPES = `executors:
  types:
    ml:
      owner: ml-platform
      displayName: Model training
      docs: https://wiki.example/ml
      capabilities: [jupyter, cuda=12.4]
`;
const POLICY = `checks:
  policies: [{name: team, namespaces: {allow: [{repositories: "r.test/team/*", owner: team-of-the-policy}]}}]
`;

test("what the configuration says of a type comes before its policy and its image's labels, and takes effect at once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "types-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeLayout(folder, {
    [`${IMAGE}:1.0.0`]: {
      env: ["CUDA_VERSION=11.8.0"],
      labels: {
        "executor-registry.dev/owner": "who-built-it",
        "executor-registry.dev/capabilities": "notebooks",
        "org.opencontainers.image.title": "executor-ml",
        "org.opencontainers.image.description": "Trains models",
      },
    },
  });
  const source = `sources: [{name: examples, kind: oci-layout, path: ${folder}}]\n`;
  await using service = await exampleService(`${TYPES}${POLICY}`, "127.0.0.1", folder);
  const document = async () => (await (await fetch(`${service.url}/executors/ml`)).json()) as ExecutorDocument;
  const shown = async () => {
    const { owner, ownerFrom, display, capabilities, capabilityDetails } = await document();
    const cuda = capabilityDetails?.find(({ name }) => name === "cuda");
    return { owner, ownerFrom, display, capabilities, cuda };
  };
  assert.deepEqual(await shown(), {
    owner: "ml-platform",
    ownerFrom: "configuration",
    display: {
      name: { text: "Model training", from: "configuration" },
      description: { text: "Trains models", from: "label" },
      documentation: { text: "https://wiki.example/ml", from: "configuration" },
    },
    capabilities: ["amd64", "cuda", "jupyter", "notebooks"],
    cuda: { name: "cuda", version: "12.4", from: "configuration", evidence: "executors.types.ml.capabilities" },
  });
  const { versions } = (await (await fetch(`${service.url}/executors/ml/versions`)).json()) as VersionsPage;
  assert.deepEqual([versions[0]?.owner, versions[0]?.ownerFrom], ["ml-platform", "configuration"]);

  await service.configure(`${source}${POLICY}`);
  const byPolicy = await shown();
  assert.deepEqual([byPolicy.owner, byPolicy.ownerFrom], ["team-of-the-policy", "policy"]);
  assert.deepEqual(byPolicy.display?.name, { text: "executor-ml", from: "label" });
  assert.deepEqual(byPolicy.cuda?.evidence, "CUDA_VERSION=11.8.0");

  await service.configure(`${source}checks: none\n`);
  for (let answer = await document(); answer.ownerFrom !== "label"; answer = await document());
  assert.equal((await document()).owner, "who-built-it");
});

test("what no type can be told is refused at its line", () => {
  for (const [members, message] of [
    ["Not A Type: {}", /executors\.types/],
    ["ml: {owner: ''}", /executors\.types\.ml\.owner/],
    ["ml: {docs: 'javascript:alert(1)'}", /executors\.types\.ml\.docs/],
    ["ml: {capabilities: [cuda>=12]}", /expected a capability, such as pytorch or cuda=12\.4/],
    ["ml: {capability: [cuda]}", /there is no such setting/],
  ] as const) {
    assert.throws(() => parseConfig(`executors: {types: {${members}}}`, "test.yaml"), { message });
  }
});
