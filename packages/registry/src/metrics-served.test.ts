import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pino } from "pino";
import { type OddRegistry, startOddRegistry } from "../../../testing/odd-registry.ts";
import { parseSamples, type PrintedSample } from "../../../testing/prometheus.ts";
import { parseConfig } from "./config/parse-config.ts";
import { type MetricDefinition, METRICS } from "./http/metric-definitions.ts";
import { type Service, startService } from "./supervisor/service.ts";

const HOUR_MS = 3_600_000;
const PREFIX = "executor_registry_";
const env = { SENDER: "Bearer secret" };

describe("the metrics of a service", { timeout: 60_000 }, () => {
  let registry: OddRegistry;
  let service: Service;

  before(async () => {
    registry = await startOddRegistry();
    registry.image("team/executor-ml", "1.0.0");
    const text = `listen: {host: 127.0.0.1, port: 0}
auth: {writes: open}
sources:
  - {name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: [team/executor-ml, other/executor-nlp]}
checks: {approvedNamespaces: ["${registry.host}/team/*"]}
webhooks: [{name: sender, kind: distribution, source: main, headers: {Authorization: {env: SENDER}}}]
`;
    service = await startService({ config: parseConfig(text, "test.yaml", env), log: pino({ level: "silent" }) });
    while ((await fetch(`${service.url}/readyz`)).status !== 200);
  });
  after(async () => {
    await service.close();
    await registry[Symbol.asyncDispose]();
  });

  const printed = async (): Promise<readonly PrintedSample[]> =>
    parseSamples(await (await fetch(`${service.url}/metrics`)).text());
  /** The value of one series. */
  const value = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> =>
    (await printed()).find(
      (one) =>
        one.name === `${PREFIX}${name}` && Object.entries(labels).every(([label, held]) => one.labels[label] === held),
    )?.value;
  const refresh = async (): Promise<void> => {
    const headers = { "content-type": "application/json" };
    await (await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST", headers })).arrayBuffer();
  };
  const push = async (repository: string, tag: string): Promise<void> => {
    registry.image(repository, tag, { config: { author: tag } });
    const body = JSON.stringify({ events: [{ id: tag, action: "push", target: { repository, tag } }] });
    const headers = { authorization: env.SENDER, "content-type": "application/vnd.docker.distribution.events.v1+json" };
    const { status } = await fetch(`${service.url}/webhooks/sender`, { method: "POST", headers, body });
    assert.equal(status, 202);
  };
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds()));
  };

  test("are those that are documented, with the labels that are documented", async () => {
    await (await fetch(`${service.url}/executors`)).arrayBuffer();
    const seen = new Set<string>();
    for (const { name, labels } of await printed()) {
      if (!name.startsWith(PREFIX)) continue;
      const known = Object.keys(METRICS).find((metric) => name.replace(/_(bucket|sum|count)$/, "") === metric) ?? name;
      const definition = (METRICS as Readonly<Record<string, MetricDefinition>>)[known];
      assert.ok(definition, `${name} is not documented`);
      seen.add(known);
      const { le: _, ...own } = labels;
      assert.deepEqual(Object.keys(own).sort(), Object.keys(definition.labels ?? {}).sort(), name);
      for (const [label, held] of Object.entries(own)) {
        const bound = definition.labels?.[label];
        if (Array.isArray(bound)) assert.ok(bound.includes(held), `${name} has ${label}="${held}"`);
      }
    }
    assert.ok(seen.size > 25, `only ${seen.size} of them are printed`);
  });

  test("count a rejected image by the check that it fails, from 0 on", async () => {
    assert.equal(await value("rejected_images", { check: "approved-namespace" }), 0);
    await push("other/executor-nlp", "1.0.0");
    await until(async () => (await value("rejected_images", { check: "approved-namespace" })) === 1);
    assert.equal(await value("images", { state: "rejected" }), 1);
  });

  test("say how long it took from an event to the answer", async () => {
    const before = (await value("event_duration_seconds_count")) ?? 0;
    await push("team/executor-ml", "1.1.0");
    await until(async () => ((await value("event_duration_seconds_count")) ?? 0) > before);
    const answer = (await (await fetch(`${service.url}/executors/ml`)).json()) as { version: string };
    assert.equal(answer.version, "1.1.0");
  });

  test("count what a registry refuses as too much, and say how scans end, and why", async () => {
    assert.equal(await value("source_throttled_total"), 0);
    const before = (await value("scan_duration_seconds_count", { outcome: "complete" })) ?? 0;
    registry.answerNext(/./, { status: 429, headers: { "retry-after": "0" }, body: "{}" }, 1);
    await refresh();
    assert.equal(await value("source_throttled_total"), 1);
    assert.equal(await value("scan_duration_seconds_count", { outcome: "complete" }), before + 1);

    const allow = registry.intercept((_, response) => (response.writeHead(403).end("{}"), true));
    await refresh();
    assert.equal(await value("source_problem", { source: "main", code: "forbidden" }), 1);
    assert.equal(await value("source_up"), 0);
    assert.equal(await value("scan_duration_seconds_count", { outcome: "incomplete" }), 1);
    allow();
    await refresh();
    assert.equal(await value("source_up"), 1);
    assert.equal(await value("source_problem"), undefined);
  });

  test("say how far the clock of a registry is from the machine's", async () => {
    await refresh();
    assert.ok(Math.abs((await value("source_clock_offset_seconds"))!) < 2);
    const stop = registry.intercept((_, response) => {
      response.setHeader("date", new Date(Date.now() + HOUR_MS).toUTCString());
      return false;
    });
    await refresh();
    stop();
    const offset = await value("source_clock_offset_seconds");
    assert.ok(Math.abs(offset! - HOUR_MS / 1000) < 2, `${offset} s`);
  });
});
