import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });
const LAYOUT = file("../../../examples/layout");

test("a Node that is too old gets a sentence", () => {
  const old = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "20.20.2" } })';
  const { status, stderr } = node("--import", old, file("../bin/executor-registry.js"));
  assert.equal(status, 1);
  assert.equal(stderr, "error: executor-registry needs Node 22.21 or newer; this is 20.20.2\n");
});

describe("as npm installs it", { skip: existsSync(file("../dist/main.js")) ? false : "dist/ is not built" }, () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bin-"));
    for (const name of ["executor-registry", "kubectl-executors"]) {
      await symlink(file("../bin/executor-registry.js"), join(folder, name));
    }
    await symlink(file("../bin/kubectl-complete.js"), join(folder, "kubectl_complete-executors"));
  });
  after(() => rm(folder, { recursive: true }));

  test("executor-registry answers", () => {
    const { status, stdout } = node(join(folder, "executor-registry"), "list", "-o", "name", "--layout", LAYOUT);
    assert.deepEqual([status, stdout], [0, "executor/etl\nexecutor/ml\nexecutor/nlp\n"]);
  });

  test("kubectl-executors calls itself as kubectl does", () => {
    const { status, stderr } = node(join(folder, "kubectl-executors"), "lits");
    assert.equal(status, 2);
    assert.match(stderr, /see `kubectl executors help`/);
  });

  test("kubectl_complete-executors speaks kubectl's protocol", () => {
    const { stdout } = node(join(folder, "kubectl_complete-executors"), "resolve", "--layout", LAYOUT, "n");
    assert.equal(stdout, "nlp\t2026-11-20\n:4\n");
  });
});
