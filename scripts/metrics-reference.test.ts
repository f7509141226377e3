import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { type MetricDefinition, METRICS } from "@executor-registry/registry/internal";
import { metricsReference } from "./metrics-reference.ts";

const DOCUMENT = new URL("../docs/metrics.md", import.meta.url);
const RULES = new URL("../deploy/chart/files/alerts.yaml", import.meta.url);
const BEGIN = "<!-- begin metrics: made from the code, by UPDATE_DOCS=1 -->\n\n";

test("docs/metrics.md has every metric of the code and every alert; UPDATE_DOCS=1 writes them", async () => {
  const document = await readFile(DOCUMENT, "utf8");
  const [about = ""] = document.split(BEGIN);
  const made = `${about}${BEGIN}${metricsReference(await readFile(RULES, "utf8"))}`;
  if (process.env["UPDATE_DOCS"]) await writeFile(DOCUMENT, made);
  else assert.equal(document, made);
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
