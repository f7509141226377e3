import assert from "node:assert/strict";
import { test } from "node:test";
import { kubernetesServer } from "../../../../../testing/kubernetes-server.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { silentLogger } from "../../tools/logger.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import type { KubernetesApi } from "../api/api.ts";
import { KubernetesError } from "../api/errors.ts";
import { createNodesSource } from "./source.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const image = (tag: string): object => ({ names: [`docker.io/library/executor-ml:${tag}`], sizeBytes: 1 });
const status = (...tags: string[]): object => ({ status: { images: tags.length > 0 ? tags.map(image) : null } });
const id = (tag: string): string => `docker.io/library/executor-ml:${tag}#1`;

type Kept = Readonly<Record<string, { readonly how: string; readonly at: string }>>;

/** A source whose nodes are a double's, and whose ledger is an object. */
async function setUp(images: Kept = {}) {
  const server = await kubernetesServer();
  const clock = manualClock(NOW);
  const nodes = server.api();
  let kept = { version: 1, nodes: Object.keys(images).length > 0 ? ["a"] : [], images };
  const api: KubernetesApi = {
    ...nodes,
    lines: (path, options) => nodes.lines(path, options),
    async request(path, options) {
      if (path === "/api/v1/nodes") return nodes.request(path, options);
      if (!path.includes("/configmaps")) return { items: [] };
      const { data } = (options?.body ?? {}) as { readonly data?: Readonly<Record<string, string>> };
      if (data) kept = JSON.parse(data["sightings.json"] ?? "") as typeof kept;
      else if (kept.nodes.length === 0)
        throw new KubernetesError("not-found", "none yet", { method: "GET", path, server: "" });
      return { metadata: { name: "kept" }, data: { "sightings.json": JSON.stringify(kept) } };
    },
  };
  const template = parseTemplate(DEFAULT_TEMPLATE);
  const options = { api, template, namespace: "here", log: silentLogger, clock, random: () => 0.5 } as const;
  const start = async () => {
    const source = createNodesSource({ ...options, ledger: "write" });
    const changed = (): Promise<void> =>
      new Promise((resolve) => {
        const stop = source.onChange(() => {
          stop();
          resolve();
        });
      });
    const end = async (): Promise<void> => {
      const closed = source.close();
      await clock.advance(2000);
      await closed;
    };
    await source.settled;
    return { source, changed, end };
  };
  return {
    server,
    clock,
    start,
    kept: () => kept,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("a kubelet that has not looked yet when watching begins takes nothing from the ledger", async () => {
  const iso = new Date(NOW - 3_600_000).toISOString();
  const kept = { [id("one")]: { how: "present", at: iso }, [id("two")]: { how: "arrived", at: iso } };
  await using world = await setUp(kept);
  world.server.put("a", status());
  const { source, changed, end } = await world.start();
  assert.equal(source.find("ml"), undefined);
  await world.clock.advance(1000);

  const reported = changed();
  world.server.put("a", status("one", "two", "three"));
  await reported;
  const finding = source.find("ml");
  assert.deepEqual([finding?.version, finding?.decidedBy], ["three", "sighting"]);
  assert.equal(finding?.candidates.find(({ version }) => version === "two")?.evidence[0]?.at, iso);
  await end();
  assert.deepEqual(Object.keys(world.kept().images).sort(), ["one", "three", "two"].map(id));
  assert.deepEqual(world.kept().images[id("two")], { how: "arrived", at: iso });
});

test("what arrives is newer than what another noted by a clock that is ahead", async () => {
  const ahead = new Date(NOW + 300_000).toISOString();
  await using world = await setUp({ [id("one")]: { how: "arrived", at: ahead } });
  world.server.put("a", status("one"));
  const { source, changed, end } = await world.start();
  assert.equal(source.find("ml")?.version, "one");
  const arrived = changed();
  world.server.put("a", status("one", "two"));
  await arrived;
  assert.deepEqual([source.find("ml")?.version, source.find("ml")?.decidedBy], ["two", "sighting"]);
  await end();
});

test("an image no node holds is forgotten after ten minutes", async () => {
  await using world = await setUp();
  world.server.put("a", status("one"));
  const { source, changed, end } = await world.start();
  const gone = changed();
  world.server.remove("a");
  await gone;
  assert.deepEqual(source.find("ml")?.nodes, []);
  await world.clock.advance(600_000);
  assert.equal(source.find("ml")?.version, "one");
  await world.clock.advance(1000);
  assert.equal(source.find("ml"), undefined);
  await end();
});

test("dev-02: nodes that may be listed and not watched, or whose watch is never answered, are known", async () => {
  for (const code of [403, 0]) {
    await using world = await setUp();
    world.server.put("a", status("one"));
    world.server.refuse(code, { match: ({ query }) => query.has("watch") });
    const { source, end } = await world.start();
    assert.equal(source.find("ml")?.version, "one");
    assert.ok(["ready", "stale"].includes(source.status().state), source.status().state);
    await end();
  }
});
