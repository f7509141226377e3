import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kubernetesServer } from "../../../../../testing/kubernetes-server.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { silentLogger } from "../../tools/logger.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import { createConfigMapSource } from "./source.ts";
import { createDeclaredSource } from "../declared/source.ts";

/** What an API server gives after one tool has applied an object twice. Before 1.25 the first time stays. */
const metadata = (resourceVersion: string): object => ({
  name: "executor-ml",
  resourceVersion,
  creationTimestamp: "2026-11-23T10:00:00Z",
  managedFields: [{ time: "2026-11-23T10:00:00Z", fieldsV1: { "f:spec": {}, "f:data": {} } }],
});
const template = { spec: { containers: [{ name: "executor", image: "executor-ml:1" }] } };

async function times(version: object | undefined): Promise<readonly (string | undefined)[]> {
  const discovery = { "/apis/batch/v1": { resources: [{ name: "cronjobs" }] } };
  await using server = await kubernetesServer({ ...discovery, ...(version && { "/version": version }) });
  server.put("executor-ml", {
    metadata: metadata("7"),
    spec: { suspend: true, jobTemplate: { spec: { template } } },
    data: { ml: "executor-ml:1" },
  });
  if (!version) server.refuse(403, { match: ({ path }) => path === "/version" });
  const common = {
    api: server.api(),
    namespace: "default",
    log: silentLogger,
    clock: manualClock(),
    random: () => 0.5,
  };
  const sources = [
    createDeclaredSource({ ...common, template: parseTemplate(DEFAULT_TEMPLATE) }),
    createConfigMapSource({ ...common, name: "executor-ml" }),
  ];
  await Promise.all(sources.map(({ settled }) => settled));
  const found = sources.map((source) => source.find("ml")?.candidates[0]?.evidence[0]);
  await Promise.all(sources.map((source) => source.close()));
  common.api.close();
  assert.deepEqual(
    found.map((evidence) => evidence?.kind),
    ["declared", "declared"],
  );
  return found.map((evidence) => evidence?.at);
}

describe("dev-13: when a declaration changed", { timeout: 30_000 }, () => {
  const known = "2026-11-23T10:00:00Z";
  for (const [version, at] of [
    [{ major: "1", minor: "37" }, known],
    [{ major: "1", minor: "25+" }, known],
    [{ major: "1", minor: "24" }, undefined],
    [{ major: "1", minor: "20" }, undefined],
    [{ major: "2", minor: "0" }, known],
    [{}, undefined],
    [undefined, undefined],
  ] as const) {
    test(`by version ${JSON.stringify(version)} is ${at ?? "not said: its managedFields do not move with the value"}`, async () => {
      assert.deepEqual(await times(version), [at, at]);
    });
  }
});
