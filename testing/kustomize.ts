import type { Manifest } from "./helm.ts";
import { stringify } from "yaml";

/** Labels that say what Helm did. */
const OF_HELM = new Set(["helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"]);
/** Annotations by which Helm decides. */
const FOR_HELM = new Set(["helm.sh/resource-policy", "helm.sh/hook"]);

/** The same object, without what is Helm's alone. */
export function withoutHelm<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutHelm) as Value;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    if (OF_HELM.has(name) || FOR_HELM.has(name)) return [];
    const kept = withoutHelm(member as unknown);
    const emptied = name === "annotations" && Object.keys(kept as object).length === 0;
    return emptied ? [] : [[name, kept] as const];
  });
  return Object.fromEntries(members) as Value;
}

/** What deploy/kustomize holds: the configuration's file, and all other objects. @param rendered what the chart makes */
export function kustomizeFiles(rendered: readonly Manifest[]): {
  readonly configuration: string;
  readonly manifests: string;
} {
  const objects = rendered.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] === undefined);
  const isConfiguration = ({ kind }: Manifest): boolean => kind === "ConfigMap";
  const [configuration] = objects.filter(isConfiguration) as (Manifest & { data: Record<string, string> })[];
  const others = objects.filter((object) => !isConfiguration(object)).map((object) => stringify(withoutHelm(object)));
  return { configuration: configuration?.data["registry.yaml"] ?? "", manifests: others.join("---\n") };
}
