import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type MetricDefinition, METRICS } from "@executor-registry/registry/internal";
import { referencePage } from "./reference-page.ts";
import { metricsReference } from "./metrics-reference.ts";

test("docs/metrics.md has every metric of the code and every alert; UPDATE_DOCS=1 writes them", () => {
  const rules = readFileSync("deploy/chart/files/alerts.yaml", "utf8");
  referencePage("docs/metrics.md", "metrics", metricsReference(rules));
});

test("metrics are named as Prometheus asks for, and no label can hold what strangers make up", () => {
  const unbounded = new Set(["type", "version", "digest", "tag", "image", "repository", "subject", "token", "address"]);
  for (const [name, { type, unit, labels = {} }] of Object.entries<MetricDefinition>(METRICS)) {
    assert.match(name, /^executor_registry_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", `${name}: counters, and they alone, end in _total`);
    assert.equal(name.endsWith("_seconds"), unit.startsWith("seconds"), `${name}: times are seconds`);
    for (const label of Object.keys(labels)) {
      if (name !== "executor_registry_build_info") assert.ok(!unbounded.has(label), `${name} has the label ${label}`);
    }
  }
});
