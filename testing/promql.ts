import { type MetricDefinition, METRICS } from "@executor-registry/registry/internal";

const DEFINITIONS: Readonly<Record<string, MetricDefinition>> = METRICS;
/** What Prometheus and its operator add to each series. */
const TARGET = ["namespace", "job", "instance", "pod"];

interface UsedMetric extends MetricDefinition {
  readonly name: string;
}

/** The service's own metrics in an expression. @throws Error for one that there is not */
export function metricsIn(expression: string): readonly UsedMetric[] {
  const names = new Set(expression.match(/\bexecutor_registry_[a-z_]+/g));
  return [...names].map((used) => {
    const part = /^(.*)_(bucket|sum|count)$/.exec(used)?.[1] ?? "";
    const name = DEFINITIONS[part]?.type === "histogram" ? part : used;
    const definition = DEFINITIONS[name];
    if (definition === undefined || (definition.type === "histogram" && name === used))
      throw new Error(`there is no metric ${used}`);
    return { name, ...definition };
  });
}

/** What an expression selects or groups by, and no series of its metrics has: `label` or `label="value"`. */
export function labelsUnknown(expression: string): readonly string[] {
  const used = metricsIn(expression);
  const known = new Set([...TARGET, "le", ...used.flatMap(({ labels = {} }) => Object.keys(labels))]);
  const grouped = [...expression.matchAll(/\b(?:by|on|ignoring|without|group_left) \(([^)]*)\)/g)].flatMap(
    ([, list = ""]) => list.split(",").flatMap((label) => label.trim() || []),
  );
  const unknown = grouped.filter((label) => !known.has(label));
  for (const [, name = "", matchers = ""] of expression.matchAll(/\b(executor_registry_[a-z_]+)\{([^}]*)\}/g)) {
    const [metric] = metricsIn(name);
    for (const [, label = "", operator, value = ""] of matchers.matchAll(/([a-z_]+)(=~|!=|=|!~)"([^"]*)"/g)) {
      const bound = metric?.labels?.[label];
      if (bound === undefined && !TARGET.includes(label)) unknown.push(label);
      const exact = operator === "=" && !value.startsWith("$");
      if (exact && Array.isArray(bound) && !bound.includes(value)) unknown.push(`${label}="${value}"`);
    }
  }
  return unknown;
}
