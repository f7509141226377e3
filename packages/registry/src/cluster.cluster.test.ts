import assert from "node:assert/strict";
import { test } from "node:test";
import { createResolver, type Resolution, type Resolver } from "@executor-registry/resolver";
import { pino } from "pino";
import { buildImage, eventually, loadImages, noNode, removeImages, testNamespace } from "../../../testing/cluster.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const tag = (letter: string): string => `docker.io/library/executor-served:${letter.repeat(64)}`;

test(
  "what nodes hold and what is declared is served as the development resolver answers it",
  { skip: noNode },
  async () => {
    const images = [tag("a"), tag("b")];
    const [older, newer] = await Promise.all(images.map((image, index) => buildImage(image, 3000 + index)));
    await using space = await testNamespace("served");
    const source = `{name: here, kind: cluster, namespace: ${space.name}}`;
    const text = `listen: {host: 127.0.0.1, port: 0}\nsources: [${source}]\n`;
    const log = pino({ level: "silent" });
    const service = await startService({ config: parseConfig(text, "test.yaml"), log });
    const remote = createResolver({ environment: "production", registry: { url: service.url } });
    const local = createResolver({ environment: "development", kubernetes: space.api, ledger: "read" });
    const imageOf = (resolver: Resolver, type: string, image: string) =>
      eventually(`${image} for ${type}`, 60_000, async () => {
        const answer = await resolver.resolve(type).catch(() => undefined);
        return answer?.image === image ? answer : undefined;
      });
    try {
      await loadImages(older ?? "");
      await imageOf(remote, "served", tag("a"));
      await loadImages(newer ?? "");
      const answer = await imageOf(remote, "served", tag("b"));
      const own = await imageOf(local, "served", tag("b"));
      assert.deepEqual(told(answer), told(own));

      const image = "r.test/team/executor-ml:7";
      const body = { metadata: { name: "executors" }, data: { ml: image } };
      await space.api.request(`/api/v1/namespaces/${space.name}/configmaps`, { method: "POST", body });
      assert.equal((await imageOf(remote, "ml", image)).decidedBy, "declared");
      const health = (await (await fetch(`${service.url}/health`)).json()) as { status: string; sources: object[] };
      assert.equal(health.status, "ok");
      assert.deepEqual(
        health.sources.map((one) => ({ ...one, completed: "", attempted: "" })),
        [{ name: "here", kind: "cluster", state: "ready", completed: "", attempted: "" }],
      );
    } finally {
      await Promise.all([remote.close(), local.close()]);
      await service.close();
      await removeImages(...images);
    }
  },
);

/** What a Job is made from. */
function told({ image, pullPolicy, nodes, decidedBy, ambiguous, candidates }: Resolution): object {
  return { image, pullPolicy, nodes, decidedBy, ambiguous, candidates: candidates.map((candidate) => candidate.image) };
}
