import assert from "node:assert/strict";
import { test } from "node:test";
import { repositoryAt } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { startEcrDouble } from "../../../../../testing/ecr-double.ts";
import { scanned } from "../testing/scanned.ts";
import { assertReads, pushSigned } from "../testing/reader-conformance.ts";
import { ecrSource } from "./testing/ecr.ts";

test("ECR's reader reads one repository, with ECR's credentials", { skip: noDockerRegistry }, async ({ signal }) => {
  await using registry = await startDockerRegistry();
  await using ecr = await startEcrDouble({ registry });
  const signed = await pushSigned(registry, "team/executor-ml");
  const source = ecrSource(ecr);
  ecr.set("team/executor-ml", [{ digest: signed.image, tags: ["1.0.0"] }]);
  await scanned(source);
  await assertReads(source.reader(repositoryAt(ecr.host(), "team/executor-ml")), signed, signal);
  const elsewhere = source.reader(repositoryAt("registry.test", "team/executor-ml"));
  await assert.rejects(elsewhere.manifest(signed.image, signal), { code: "not-found" });
  await source.close();
});
