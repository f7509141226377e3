import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { noPromtool, promtool } from "../../testing/prometheus.ts";
import { labelsUnknown, metricsIn } from "../../testing/promql.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const RULES = "deploy/chart/files/alerts.yaml";
const TESTS = "deploy/monitoring/alerts.promtool.yaml";
const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const tests = readFileSync(TESTS, "utf8");
/** The latest that is known wins: it only grows. */
const GROWS = new Set(["executor_registry_source_completed_timestamp_seconds"]);

describe("the alert rules", () => {
  for (const { alert, expr, for: pending, labels, annotations } of rules) {
    test(`${alert} is written as the others are, of metrics that there are`, () => {
      assert.match(alert, /^ExecutorRegistry[A-Z][A-Za-z]+$/);
      assert.match(pending ?? "", /^\d+m$/);
      assert.match(labels["severity"] ?? "", /^(critical|warning|info)$/);
      assert.deepEqual(Object.keys(annotations), ["summary", "description", "runbook_url"]);
      assert.match(annotations["summary"] ?? "", /^[A-Z].*\.$/);
      assert.equal(annotations["runbook_url"], `RUNBOOK_URL#${alert.toLowerCase()}`);
      const metrics = metricsIn(expr);
      assert.notEqual(metrics.length, 0);
      assert.deepEqual(labelsUnknown(expr), []);
      for (const { name, replicas } of metrics) {
        if (replicas !== "leader" || GROWS.has(name)) continue;
        assert.match(expr, /executor_registry_leader == 1/, `${name} is what the leader alone knows`);
      }
    });

    test(`${alert} is one alert for an installation, and has tests that it fires, and does not`, () => {
      for (const [, by = ""] of expr.matchAll(/\b(?:max|sum|count|group) by \(([^)]*)\)/g))
        assert.match(by, /^namespace, job(, (source|check|queue|follower))?$/);
      assert.doesNotMatch(expr, /^\s*executor_registry_/, "each replica would have its own");
      assert.ok(tests.includes(`alertname="${alert}"`), `${TESTS} has no case in which it fires`);
    });
  }

  test("have a section of the runbook each, and the runbook has no others", () => {
    const sections = [...readFileSync("docs/runbook.md", "utf8").matchAll(/^## (.*)$/gm)].map(([, name = ""]) => name);
    assert.deepEqual(new Set(sections), new Set(rules.map(({ alert }) => alert)));
    assert.equal(sections.length, rules.length);
    const document = readFileSync("docs/metrics.md", "utf8");
    for (const { alert } of rules) assert.ok(document.includes(`runbook.md#${alert.toLowerCase()}`), alert);
  });

  test("are taken by promtool, and fire when they should", { skip: noPromtool }, () => {
    assert.match(promtool("check", "rules", RULES), new RegExp(`SUCCESS: ${rules.length} rules found`));
    assert.match(promtool("test", "rules", TESTS), /SUCCESS/);
  });
});
