import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test, type TestContext } from "node:test";
import { eventually, noNode, type TestNamespace, testNamespace } from "../../../../../testing/cluster.ts";
import { silentLogger } from "../../tools/logger.ts";
import { systemClock } from "../../tools/clock.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import type { Finding } from "../../contract/resolution.ts";
import { SIGHTINGS_NAME } from "../api/api.ts";
import { createNodesSource, type NodesSource } from "./source.ts";

// Nodes here are objects of the real API server without a kubelet, so that a test decides what they report, and when.

const TYPE = `nodec-${randomBytes(3).toString("hex")}`;
const image = (tag: string, sizeBytes = 1): object => ({
  names: [`docker.io/library/executor-${TYPE}:${tag}`],
  sizeBytes,
});

interface World extends TestNamespace {
  report(node: string, ...images: readonly object[]): Promise<void>;
  beat(node: string): Promise<void>;
  removeNode(node: string): Promise<void>;
  watch(ledger?: "write" | "read" | "off"): Promise<NodesSource>;
}

async function world(t: TestContext): Promise<World> {
  const space = await testNamespace("nodes");
  const { api, name: namespace } = space;
  const nodes = new Set<string>();
  const patch = (node: string, status: object): Promise<unknown> =>
    api.request(`/api/v1/nodes/${node}/status`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { status },
    });
  const remove = async (node: string): Promise<void> => {
    nodes.delete(node);
    await api.request(`/api/v1/nodes/${node}`, { method: "DELETE" });
  };
  t.after(async () => {
    for (const node of nodes) await remove(node);
    await space[Symbol.asyncDispose]();
  });
  return {
    ...space,
    async report(node, ...images) {
      const name = `${namespace}-${node}`;
      if (!nodes.has(name)) {
        nodes.add(name);
        await api.request("/api/v1/nodes", {
          method: "POST",
          body: { metadata: { name }, spec: { unschedulable: true } },
        });
      }
      await patch(name, { images });
    },
    beat: async (node) =>
      void (await patch(`${namespace}-${node}`, {
        conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: new Date().toISOString() }],
      })),
    removeNode: (node) => remove(`${namespace}-${node}`),
    async watch(ledger = "write") {
      const template = parseTemplate(DEFAULT_TEMPLATE);
      const source = createNodesSource({
        api,
        namespace,
        template,
        ledger,
        log: silentLogger,
        clock: systemClock,
        random: Math.random,
      });
      t.after(() => source.close());
      await source.settled;
      return source;
    },
  };
}

const until = (source: NodesSource, what: string, is: (finding: Finding | undefined) => boolean): Promise<Finding> =>
  eventually(what, 10_000, () => {
    const finding = source.find(TYPE);
    return is(finding) ? (finding ?? ({} as Finding)) : undefined;
  });

describe("the images on the nodes of a real API server", { skip: noNode }, () => {
  test("each arrival is the newest, whatever its size; who begins later without a ledger cannot know", async (t) => {
    const { report, watch } = await world(t);
    await report("a", image("aaa", 3000));
    const source = await watch("off");
    assert.equal(source.find(TYPE)?.decidedBy, "only-candidate");
    await report("a", image("aaa", 3000), image("zzz", 1000));
    await until(source, "the second", (finding) => finding?.version === "zzz" && finding.decidedBy === "sighting");
    await report("a", image("aaa", 3000), image("zzz", 1000), image("mmm", 200));
    const third = await until(source, "the third", (finding) => finding?.version === "mmm");
    assert.equal(third.ambiguous, false);
    const cold = (await watch("off")).find(TYPE);
    assert.deepEqual([cold?.ambiguous, cold?.candidates.length], [true, 3]);
  });

  test("with the ledger one that is started again agrees, and knows what came while nobody watched", async (t) => {
    const { report, watch, api, name } = await world(t);
    await report("a", image("one"), image("two"));
    const first = await watch();
    await report("a", image("one"), image("two"), image("three"));
    await until(first, "the third", (finding) => finding?.version === "three");
    await eventually("the ledger", 10_000, async () => {
      const kept = (await api
        .request(`/api/v1/namespaces/${name}/configmaps/${SIGHTINGS_NAME}`)
        .catch(() => undefined)) as { data?: Record<string, string> } | undefined;
      return kept?.data?.["sightings.json"]?.includes(`${TYPE}:three`) || undefined;
    });
    await first.close();
    assert.equal((await watch("read")).find(TYPE)?.version, "three");
    await report("a", image("one"), image("two"), image("three"), image("four"));
    const again = (await watch("read")).find(TYPE);
    assert.deepEqual([again?.version, again?.decidedBy], ["four", "sighting"]);
  });

  test("heartbeats and empty reports change nothing; all nodes are looked at, and the holders named", async (t) => {
    const { report, beat, watch, name } = await world(t);
    await report("a", image("one"));
    await report("b", image("one"), image("two"));
    const source = await watch("off");
    const before = source.find(TYPE);
    let changes = 0;
    source.onChange(() => (changes += 1));
    for (let times = 0; times < 5; times += 1) await beat("a");
    await report("b");
    await report("c", image("one"));
    const after = await until(source, "the new node", (finding) => finding !== before);
    const one = after.candidates.find(({ version }) => version === "one");
    assert.deepEqual(
      one?.nodes,
      ["a", "b", "c"].map((node) => `${name}-${node}`),
    );
    assert.deepEqual(after.candidates.find(({ version }) => version === "two")?.nodes, [`${name}-b`]);
    assert.equal(changes, 1);
  });

  test("the last known answer stands when its node is removed, and is itself again when the node is back", async (t) => {
    const { report, removeNode, watch } = await world(t);
    await report("a", image("one"));
    const source = await watch("off");
    await report("a", image("one"), image("two"));
    const before = await until(source, "the second", (finding) => finding?.version === "two");
    await removeNode("a");
    const gone = await until(source, "the loss", (finding) => finding?.nodes?.length === 0);
    assert.equal(gone.version, "two");
    assert.match(gone.warnings.join(), /no node holds/);
    await report("a", image("one"), image("two"));
    const back = await until(
      source,
      "the return",
      (finding) => finding?.nodes?.length === 1 && finding.candidates.length === 2,
    );
    assert.deepEqual([back.version, back.reason], ["two", before.reason]);
  });
});
