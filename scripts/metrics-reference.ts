import { parse } from "yaml";
import { type MetricDefinition, METRICS } from "@executor-registry/registry/internal";
import { table } from "./reference-page.ts";

const REPLICAS: Readonly<Record<MetricDefinition["replicas"], string>> = {
  own: "its own",
  same: "the same",
  leader: "the leader's",
};

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly for: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

/** The metrics of the service's own, and the alerts of a rule file, as tables in Markdown. */
export const metricsReference = (rules: string): string =>
  `## The metrics\n\n${metricsTable()}\n## The alerts\n\n${alertsTable(parse(rules) as RuleFile)}`;

function alertsTable({ groups }: RuleFile): string {
  const rows = groups.flatMap(({ rules }) =>
    rules.map(({ alert, for: pending, labels: { severity }, annotations: { summary } }) => [
      `[${alert}](runbook.md#${alert.toLowerCase()})`,
      severity,
      pending,
      summary,
    ]),
  );
  return table(["alert", "severity", "after", "what"], rows);
}

function metricsTable(): string {
  const definitions: Readonly<Record<string, MetricDefinition>> = METRICS;
  const rows = Object.entries(definitions).map(([name, { type, unit, replicas, labels = {}, help }]) => [
    `\`${name}\``,
    type,
    unit,
    Object.entries(labels)
      .map(
        ([label, bound]) =>
          `\`${label}\`: ${typeof bound === "string" ? bound : bound.map((value) => `\`${value}\``).join(", ")}`,
      )
      .join("; "),
    REPLICAS[replicas],
    help,
  ]);
  const head = ["metric", "type", "unit", "labels, and what bounds them", "of several replicas, each says", "meaning"];
  return table(head, rows);
}
