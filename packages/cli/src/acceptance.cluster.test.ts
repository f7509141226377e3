import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import type { Resolution } from "@executor-registry/resolver";
import { cli, startCli } from "../../../testing/cli.ts";
import {
  buildImage,
  cronJobsOf,
  eventually,
  loadImages,
  noNode,
  removeImages,
  type TestNamespace,
  testNamespace,
} from "../../../testing/cluster.ts";

// The whole way a developer goes, with each command a process of its own: load builds, resolve, run, declare, undo.

const TYPE = "acceptance";
const image = (tag: string): string => `docker.io/library/executor-${TYPE}:${tag}`;
const builds = [
  { kilobytes: 3000, tag: "b1".repeat(32) },
  { kilobytes: 1000, tag: "b2".repeat(32) },
  { kilobytes: 200, tag: "b3".repeat(32) },
] as const;
const bystanders = ["executor-acceptanceops", "my-executor-acceptance-cache", "unrelated"] as const;
const bystander = (name: string): string => `docker.io/library/${name}:1`;

interface NodeStatus {
  readonly status: { readonly images?: readonly { readonly names: readonly string[] | null }[] };
}

describe("from a load to a running job", { skip: noNode }, () => {
  let space: TestNamespace;
  let watcher: ChildProcess;
  const seen: { readonly at: number; readonly image: string | undefined }[] = [];

  const resolve = async (): Promise<Resolution> => {
    const { code, stdout, stderr } = await cli(["resolve", TYPE, "-o", "json", "-n", space.name]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Resolution;
  };
  const reportedByKubelet = (name: string): Promise<number> =>
    eventually(`the kubelet's report of ${name}`, 90_000, async () => {
      const node = (await space.api.request("/api/v1/nodes/node-1")) as NodeStatus;
      return node.status.images?.some(({ names }) => names?.includes(name)) ? Date.now() : undefined;
    });
  const watched = (name: string): Promise<number> =>
    eventually(`the watcher's sight of ${name}`, 90_000, () => seen.find((change) => change.image === name)?.at);

  before(async () => {
    space = await testNamespace("acceptance");
    watcher = startCli(["watch", TYPE, "-o", "json", "-n", space.name]);
    if (!watcher.stdout) throw new Error("the watcher has no standard output");
    createInterface(watcher.stdout).on("line", (line) => {
      const change = JSON.parse(line) as { readonly resolution?: Resolution };
      seen.push({ at: Date.now(), image: change.resolution?.image });
    });
    watcher.stderr?.pipe(process.stderr);
  });

  after(async () => {
    if (watcher.exitCode === null) {
      watcher.kill("SIGTERM");
      await once(watcher, "exit");
    }
    await removeImages(...builds.map(({ tag }) => image(tag)), ...bystanders.map(bystander)).catch(() => undefined);
    await space[Symbol.asyncDispose]();
  });

  test("each newest build is the answer, whatever its size", async (t) => {
    const archives = new Map<string, string>();
    for (const { tag, kilobytes } of builds) {
      archives.set(
        tag,
        await buildImage(image(tag), kilobytes, "/bin/sh", "-c", 'echo "build $0 says $*"; exit 7', tag),
      );
    }
    for (const [index, { tag, kilobytes }] of builds.entries()) {
      const between = bystanders[index] ?? "";
      await loadImages(await buildImage(bystander(between), 500 + index, "/bin/sh"), archives.get(tag) ?? "");
      const loaded = Date.now();
      const [kubelet, ours] = await Promise.all([reportedByKubelet(image(tag)), watched(image(tag))]);
      t.diagnostic(
        `${kilobytes} KB: in the kubelet's report ${kubelet - loaded} ms after the load, resolvable ${ours - loaded} ms after it`,
      );

      const resolution = await resolve();
      assert.equal(resolution.image, image(tag));
      assert.equal(resolution.candidates.length, index + 1, "no bystander is a candidate");
    }
  });

  test("a new process agrees by the ledger; without it, it says what it cannot know", async () => {
    const first = await resolve();
    assert.equal(first.image, image(builds[2].tag));
    assert.equal(first.decidedBy, "sighting");
    assert.equal(first.ambiguous, false);

    await using elsewhere = await testNamespace("acceptance-cold");
    const { code, stdout } = await cli(["resolve", TYPE, "-o", "json", "-n", elsewhere.name]);
    const cold = JSON.parse(stdout) as Resolution;
    assert.equal(code, 0);
    assert.equal(cold.ambiguous, true);
    assert.deepEqual(
      cold.candidates.map((candidate) => candidate.image).sort(),
      builds.map(({ tag }) => image(tag)),
    );
    assert.match(cold.advice ?? "", /CronJob/);
  });

  test("run starts it, passes its arguments, streams its output and ends with its exit code", async () => {
    const { code, stdout, stderr } = await cli(["run", TYPE, "-n", space.name, "--", "hello", "world"]);
    assert.equal(code, 7, stderr);
    assert.match(stdout, /^build (b3)+ says hello world$/m);
  });

  test("a declaration is the next answer within a second, also when it is changed back", async (t) => {
    const jobs = await cronJobsOf(space);
    const declare = (tag: string) => ({ spec: { jobTemplate: { spec: { template: podTemplate(tag) } } } });
    const podTemplate = (tag: string) => ({
      spec: { restartPolicy: "Never", containers: [{ name: "executor", image: `executor-${TYPE}:${tag}` }] },
    });
    await space.api.request(jobs, {
      method: "POST",
      body: {
        metadata: { name: `executor-${TYPE}` },
        spec: { schedule: "0 0 31 2 *", suspend: true, ...declare(builds[2].tag).spec },
      },
    });
    for (const tag of [builds[0].tag, builds[1].tag, builds[0].tag]) {
      const since = seen.length;
      const contentType = "application/strategic-merge-patch+json";
      await space.api.request(`${jobs}/executor-${TYPE}`, { method: "PATCH", contentType, body: declare(tag) });
      const patched = Date.now();
      const change = await eventually("the change", 5_000, () =>
        seen.slice(since).find((candidate) => candidate.image === `executor-${TYPE}:${tag}`),
      );
      t.diagnostic(`seen ${change.at - patched} ms after the API server's answer`);
      assert.ok(change.at - patched < 1_000);
      const resolution = await resolve();
      assert.equal(resolution.image, `executor-${TYPE}:${tag}`);
      assert.equal(resolution.source, "declared");
      assert.deepEqual(resolution.nodes, ["node-1"]);
      assert.equal(resolution.pullPolicy, "Never");
    }
    const { code, stdout, stderr } = await cli(["run", TYPE, "-n", space.name]);
    assert.equal(code, 7, stderr);
    assert.match(stdout, /^build (b1)+ says/m);
  });
});
