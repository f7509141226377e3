import { type MetricDefinition, METRICS } from "@executor-registry/registry/internal";

const REPLICAS: Readonly<Record<MetricDefinition["replicas"], string>> = {
  own: "its own",
  same: "the same",
  leader: "the leader's",
};

/** Every metric of the service's own as a table in Markdown. */
export function metricsReference(): string {
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
    help.replaceAll("|", "\\|"),
  ]);
  return [
    "| metric | type | unit | labels, and what bounds them | of several replicas, each says | meaning |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
  ].join("\n");
}
