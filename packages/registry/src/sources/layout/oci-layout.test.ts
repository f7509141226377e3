import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createNaming } from "../../model/naming.ts";
import { createOciLayoutSource } from "./oci-layout.ts";
import { scanned } from "../testing/scanned.ts";

test("red-14: an image of a layout that cannot be read is an unread tag, and the others are listed", async (t) => {
  const path = mkdtempSync(join(tmpdir(), "layout-source-"));
  t.after(() => rmSync(path, { recursive: true }));
  cpSync("examples/layout", path, { recursive: true });
  const { manifests } = JSON.parse(readFileSync(join(path, "index.json"), "utf8")) as {
    manifests: { digest: string; annotations: Record<string, string> }[];
  };
  const [first] = manifests;
  assert.ok(first);
  const [, tag = ""] = Object.values(first.annotations)[0]?.split(":") ?? [];
  rmSync(join(path, "blobs", "sha256", first.digest.slice("sha256:".length)));
  const naming = createNaming({ template: "executor-{type}", aliases: {} });
  const source = createOciLayoutSource({ name: "layout", path, naming });
  const { outcome, listings } = await scanned(source);
  assert.equal(outcome.complete, true);
  const all = [...listings.values()].flatMap((listing) => (listing.state === "listed" ? [listing] : []));
  const digests = all.flatMap(({ images }) => images.map(({ digest }) => digest));
  const executors = manifests.filter(({ annotations }) => Object.values(annotations)[0]?.startsWith("executor-"));
  assert.deepEqual(new Set([...digests, first.digest]), new Set(executors.map(({ digest }) => digest)));
  assert.equal(digests.length, executors.length - 1);
  assert.deepEqual(
    all.flatMap(({ unread }) => unread.map((one) => [one.tag, one.problem?.code])),
    [[tag, "invalid-layout"]],
  );
});
