import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryAt } from "@executor-registry/resolver";
import { makeImage, writeLayout } from "../../../../../testing/images.ts";
import { createNaming } from "../../model/naming.ts";
import { assertReads, SBOM, SIGNATURE } from "../testing/reader-conformance.ts";
import { createOciLayoutSource } from "./oci-layout.ts";

test("a layout's reader reads its blobs, and what its index names", async (t) => {
  const path = await mkdtemp(join(tmpdir(), "layout-reader-"));
  t.after(() => rm(path, { recursive: true }));
  const subject = makeImage().descriptor;
  const names = ["r.test/executor-ml:1.0.0", "signature", "sbom"] as const;
  const digests = await writeLayout(path, {
    [names[0]]: {},
    [names[1]]: { artifactType: SIGNATURE, subject },
    [names[2]]: { artifactType: SBOM, subject },
  });
  const [image, signature, sbom] = names.map((name) => digests.get(name));
  assert.ok(image && signature && sbom);
  const source = createOciLayoutSource({ name: "folder", path, naming: createNaming({ template: "executor-{type}" }) });
  const reader = source.reader(repositoryAt("r.test", "executor-ml"));
  await assertReads(reader, { image, signature, sbom }, t.signal);

  await writeFile(join(path, "blobs", "sha256", image.slice("sha256:".length)), "other bytes");
  await assert.rejects(reader.manifest(image, t.signal), { code: "digest-mismatch" });
});
