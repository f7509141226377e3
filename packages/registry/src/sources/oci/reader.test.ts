import { test } from "node:test";
import { repositoryAt, silentLogger } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { createNaming } from "../../model/naming.ts";
import { assertReads, pushSigned } from "../testing/reader-conformance.ts";
import { createOciSource } from "./oci.ts";

test("a registry's reader reads one repository", { skip: noDockerRegistry }, async ({ signal }) => {
  await using registry = await startDockerRegistry();
  const signed = await pushSigned(registry, "team/executor-ml");
  await using client = testClient(registry.host);
  const naming = createNaming({ template: "executor-{type}" });
  const source = createOciSource({ name: "oci", client, repositories: ["**"], naming, log: silentLogger });
  await assertReads(source.reader(repositoryAt(registry.host, "team/executor-ml")), signed, signal);
});
