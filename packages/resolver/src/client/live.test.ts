import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { production } from "../../../../testing/production-resolver.ts";
import type { ExecutorDocument, LiveMembers } from "../contract/executor-document.ts";

const image = "docker.io/library/executor-ml:dirty";
const { digest: _, ...unpinned } = documentOf("ml", "executor-ml:dirty");
const live: LiveMembers = {
  pullPolicy: "Never",
  nodes: ["kind-worker"],
  candidates: [
    {
      image,
      version: "dirty",
      names: [image],
      nodes: ["kind-worker"],
      sizeBytes: 1,
      evidence: [{ kind: "sighting", at: "2026-11-23T00:00:00.000Z", detail: "seen to arrive" }],
    },
    { image: "executor-ml:old", version: "old", names: ["executor-ml:old"], evidence: [] },
  ],
  template: {
    from: "CronJob/executor-ml",
    container: "executor",
    pod: { spec: { containers: [] } },
    job: { metadata: { labels: { "kueue.x-k8s.io/queue-name": "team-a" } }, spec: { backoffLimit: 2 } },
  },
};
const { validatedAt: __, ...unchecked } = unpinned;
const document: ExecutorDocument = {
  ...unchecked,
  image,
  validated: false,
  decidedBy: "sighting",
  ambiguous: true,
  advice: "declare it",
  live,
};

test("dev-12: what a service found in a cluster is answered as development would, image without digest, pod and Job included", async () => {
  await using world = await production();
  world.registry.set("ml", document);
  const answer = await world.resolver.resolve("ml");
  assert.equal(answer.image, image);
  assert.equal(answer.digest, undefined);
  assert.equal(answer.decidedBy, "sighting");
  const { pullPolicy, nodes, candidates, template } = answer;
  assert.deepEqual({ pullPolicy, nodes, candidates, template }, live);
  assert.deepEqual([answer.ambiguous, answer.advice, answer.validated], [true, "declare it", false]);
  assert.ok(!("validatedAt" in answer));
  assert.equal(answer.stale, false);
});

test("what the service itself has lost sight of is stale since then, and stays the same object while that is confirmed", async () => {
  await using world = await production();
  const staleSince = "2026-11-22T12:00:00.000Z";
  world.registry.set("ml", { ...document, live: { ...live, staleSince } });
  const answer = await world.resolver.resolve("ml");
  assert.deepEqual([answer.stale, answer.staleSince], [true, staleSince]);
  await world.clock.advance(60_000);
  assert.equal(await world.resolver.resolve("ml"), answer);
  await world.registry.stop();
  await world.clock.advance(60_000);
  assert.equal((await world.resolver.resolve("ml")).staleSince, staleSince);
});
