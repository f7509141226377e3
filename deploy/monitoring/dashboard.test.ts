import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { updatesDocs } from "../../scripts/reference-page.ts";
import { METRICS } from "@executor-registry/registry/internal";
import { noPromtool, promtool } from "../../testing/prometheus.ts";
import { labelsUnknown, metricsIn } from "../../testing/promql.ts";
import { dashboard } from "./dashboard.ts";

const FILE = "deploy/chart/dashboards/executor-registry.json";

interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

describe("the Grafana dashboard", () => {
  const made = JSON.parse(JSON.stringify(dashboard())) as Dashboard;
  const targets = made.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

  test("is what the chart has; UPDATE_DOCS=1 writes it", () => {
    const text = `${JSON.stringify(made, null, 2)}\n`;
    if (updatesDocs) writeFileSync(FILE, text);
    assert.equal(readFileSync(FILE, "utf8"), text);
  });

  test("can be imported anywhere: a uid, the data source a variable, no id, no inputs", () => {
    assert.equal(made.uid, "executor-registry");
    for (const member of ["id", "__inputs", "__requires"]) assert.ok(!Object.hasOwn(made, member), member);
    assert.deepEqual(
      made.templating.list.map(({ name }) => name),
      ["datasource", "namespace", "job"],
    );
    for (const { type, datasource } of made.panels) if (type !== "row") assert.equal(datasource?.uid, "${datasource}");
    assert.equal(new Set(made.panels.map(({ id }) => id)).size, made.panels.length);
  });

  test("has panels that do not overlap", () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of made.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.ok(x < 24 && !taken.has(`${x},${y}`), title);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  test("asks for metrics that there are, by labels that they have, and names series by those", () => {
    for (const { title, expr, legendFormat } of targets) {
      assert.deepEqual(labelsUnknown(expr), [], title);
      const known = new Set(["instance", ...metricsIn(expr).flatMap(({ labels = {} }) => Object.keys(labels))]);
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.ok(known.has(label), `${title}: ${label}`);
    }
  });

  test("shows every metric of the service's own but those that others are shown by", () => {
    const shown = new Set(targets.flatMap(({ expr }) => metricsIn(expr).map(({ name }) => name)));
    const missing = Object.keys(METRICS).filter((name) => !shown.has(name));
    assert.deepEqual(missing, [
      "executor_registry_journal_verified_sequence",
      "executor_registry_source_up",
      "executor_registry_source_interval_seconds",
      "executor_registry_source_scan_requests",
      "executor_registry_queue_up",
      "executor_registry_queue_poisoned_messages",
      "executor_registry_follower_up",
    ]);
  });

  test("has expressions that promtool takes", { skip: noPromtool }, () => {
    const folder = mkdtempSync(join(tmpdir(), "dashboard-"));
    try {
      const rules = targets.map(({ expr }, index) => ({
        record: `panel:query:${index}`,
        expr: expr.replaceAll("$__rate_interval", "5m"),
      }));
      // JSON is YAML.
      writeFileSync(join(folder, "rules.yaml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const said = promtool("check", "rules", join(folder, "rules.yaml"));
      assert.match(said, new RegExp(`SUCCESS: ${rules.length} rules found`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
