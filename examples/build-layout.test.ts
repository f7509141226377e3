import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { onPath } from "../scripts/tools.ts";
import { buildLayout } from "./build-layout.ts";

const shipped = join(import.meta.dirname, "layout");

function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file.slice(folder.length), readFileSync(file, "base64")] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test("the shipped layout is what the script builds", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "layout-"));
  t.after(() => rmSync(folder, { recursive: true }));
  buildLayout(folder);
  assert.deepEqual(contents(folder), contents(shipped));
});

test("skopeo reads the shipped layout", { skip: onPath("skopeo") ? false : "skopeo is not on the PATH" }, () => {
  const { Created, Labels } = JSON.parse(
    execFileSync("skopeo", ["inspect", `oci:${shipped}:executor-ml:1.4.0`], { encoding: "utf8" }),
  ) as { Created: string; Labels: Record<string, string> };
  assert.equal(Created, "2026-11-02T16:05:41Z");
  assert.equal(Labels["executor-registry.dev/capabilities"], "cpu,cuda");
});

test("skopeo unpacks an image of it", { skip: onPath("skopeo") ? false : "skopeo is not on the PATH" }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "copy-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const to = `dir:${join(folder, "copy")}`;
  execFileSync("skopeo", ["--insecure-policy", "copy", "-q", `oci:${shipped}:executor-nlp:2026-11-20`, to]);
  assert.ok(readdirSync(join(folder, "copy")).includes("manifest.json"));
});
