import { test } from "node:test";
import { repositoryAt } from "@executor-registry/resolver";
import { startArtifactRegistryDouble } from "../../../../../testing/artifact-registry-double.ts";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { assertReads, pushSigned } from "../testing/reader-conformance.ts";
import { artifactRegistrySource } from "./testing/artifact-registry.ts";

const PATH = "acme/executors/executor-ml";

test("Artifact Registry's reader reads one repository, with its token", { skip: noDockerRegistry }, async (t) => {
  await using registry = await startDockerRegistry();
  await using double = await startArtifactRegistryDouble(registry);
  const signed = await pushSigned(registry, PATH);
  const source = artifactRegistrySource(double);
  await assertReads(source.reader(repositoryAt("europe-west4-docker.pkg.dev", PATH)), signed, t.signal);
  await source.close();
});
