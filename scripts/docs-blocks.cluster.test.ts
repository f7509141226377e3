import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../testing/cluster.ts";
import { sectionsOf } from "../testing/documented.ts";
import { clusterBlocks, type PageShell, pageShell } from "../testing/page-shell.ts";
import { freePort } from "./free-port.ts";
import { onPath } from "./tools.ts";

const PAGE = "docs/development.md";
const missing = ["bash", "curl", "kubectl", "python3", "go"].filter((program) => !onPath(program));
const skip = noCluster || (missing.length > 0 && `not on the PATH: ${missing.join(", ")}`);

describe(`commands of ${PAGE} that need a cluster, in a namespace of their own`, { skip, timeout: 240_000 }, () => {
  const blocks = clusterBlocks(PAGE);
  let space: TestNamespace;
  let shell: PageShell;
  let port: number;

  /** Runs the one block that has this text. */
  async function run(text: string): Promise<string> {
    const own = blocks
      .take(text)
      .replaceAll("-n executors", `-n ${space.name}`)
      .replaceAll("kubectl create", `kubectl -n ${space.name} create`)
      .replaceAll("localhost:8080", `localhost:${port}`);
    return shell.run(own, { tag: "2" });
  }

  before(async () => {
    [space, shell, port] = await Promise.all([testNamespace("docs"), pageShell("development"), freePort()]);
    const manifest = readFileSync("examples/kubernetes/executors.yaml", "utf8")
      .replaceAll("namespace: executors", `namespace: ${space.name}`)
      .replaceAll(/image: (executor-\w+)$/gm, "image: $1:1");
    await writeFile(join(shell.folder, "executors.yaml"), manifest);
    await shell.run("kubectl apply -f executors.yaml", {});
  });
  after(() => Promise.all([shell[Symbol.asyncDispose](), space[Symbol.asyncDispose]()]));

  test("declare a build, and show why it is the answer", async () => {
    await run("kubectl -n executors set image");
    const printed = await run("resolve ml --explain");
    assert.match(printed, /executor-ml:2\b/);
  });

  test("serve what the cluster has, to dispatchers in other languages", async () => {
    const [configuration = ""] =
      (await sectionsOf(PAGE)).find(({ heading }) => heading === "Dispatchers in other languages")?.configurations ??
      [];
    const own = configuration
      .replace("8080", String(port))
      .replace("kind: cluster", `kind: cluster, namespace: ${space.name}`);
    await writeFile(join(shell.folder, "development.yaml"), own);
    assert.match(await run("serve --config development.yaml"), /"image":"[^"]*executor-ml:2"/);
    assert.equal((await run("dispatcher.py")).match(/^job\.batch\/executor-ml-\w+ created$/gm)?.length, 2);
  });

  test("are all of them", () => assert.deepEqual([...blocks.left], []));
});
