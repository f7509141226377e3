import { SIGHTINGS_NAME } from "./labels.ts";

/** One rule of a Role or ClusterRole. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What a part of this project may ask for. */
export type RbacFeature = "declared" | "configmap" | "nodes" | "sightings" | "pods" | "dispatcher";

/** The least each feature needs; `cluster` rules go into a ClusterRole, since nodes belong to no namespace. */
export interface RbacNeed {
  readonly scope: "cluster" | "namespace";
  /** What becomes possible with it. */
  readonly purpose: string;
  readonly rules: readonly RbacRule[];
}

const READ = ["get", "list", "watch"] as const;

/** @param configMap name of the ConfigMap that lists executors */
export function rbacNeed(feature: RbacFeature, configMap = "executors"): RbacNeed {
  switch (feature) {
    case "declared":
      return {
        scope: "namespace",
        purpose: "read executors declared by suspended CronJobs and Deployments of no replicas",
        rules: [
          { apiGroups: ["batch"], resources: ["cronjobs"], verbs: READ },
          { apiGroups: ["apps"], resources: ["deployments"], verbs: READ },
        ],
      };
    case "configmap":
      return {
        scope: "namespace",
        purpose: `read executors listed in ConfigMap ${configMap}`,
        rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [configMap], verbs: READ }],
      };
    case "nodes":
      return {
        scope: "cluster",
        purpose: "find executor images on the nodes",
        rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] }],
      };
    case "sightings":
      return {
        scope: "namespace",
        purpose: "remember across restarts when images were first seen",
        rules: [
          { apiGroups: [""], resources: ["configmaps"], resourceNames: [SIGHTINGS_NAME], verbs: ["get", "update"] },
          // A name cannot restrict create: the object has none yet.
          { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
        ],
      };
    case "pods":
      return {
        scope: "namespace",
        purpose: "order images by the pods that ran them",
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
      };
    case "dispatcher":
      return {
        scope: "namespace",
        purpose: "run executors as Jobs and follow them",
        rules: [
          { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "delete", ...READ] },
          { apiGroups: [""], resources: ["pods"], verbs: READ },
          { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
        ],
      };
  }
}

/** Who gets the rules. */
export interface RbacSubject {
  readonly kind: "ServiceAccount" | "User" | "Group";
  readonly name: string;
  /** A ServiceAccount's. */
  readonly namespace?: string;
}

/** Ready-to-apply roles and bindings for some features, as YAML documents. */
export function rbacManifest(
  features: readonly RbacFeature[],
  {
    namespace,
    subject,
    configMap,
  }: { readonly namespace: string; readonly subject: RbacSubject; readonly configMap?: string },
): string {
  const needs = features.map((feature) => rbacNeed(feature, configMap));
  const of = (scope: RbacNeed["scope"]): RbacRule[] =>
    needs.flatMap((need) => (need.scope === scope ? need.rules : []));
  return [
    ...documents("Role", of("namespace"), subject, namespace),
    ...documents("ClusterRole", of("cluster"), subject),
  ].join("---\n");
}

/** One rule as the YAML of a list item. */
export function ruleYaml({ apiGroups, resources, resourceNames, verbs }: RbacRule): string {
  const list = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  return [
    `  - apiGroups: ${list(apiGroups)}`,
    `    resources: ${list(resources)}`,
    ...(resourceNames ? [`    resourceNames: ${list(resourceNames)}`] : []),
    `    verbs: ${list(verbs)}`,
  ].join("\n");
}

function documents(
  kind: "Role" | "ClusterRole",
  rules: readonly RbacRule[],
  subject: RbacSubject,
  namespace?: string,
): string[] {
  if (rules.length === 0) return [];
  const place = namespace === undefined ? [] : [`  namespace: ${namespace}`];
  const head = (of: string): string[] => [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${of}`,
    "metadata:",
    "  name: executor-registry",
    ...place,
  ];
  const subjectPlace = subject.namespace === undefined ? [] : [`    namespace: ${subject.namespace}`];
  // A User or Group belongs to the API group; a ServiceAccount is of the core group.
  const subjectGroup = subject.kind === "ServiceAccount" ? [] : ["    apiGroup: rbac.authorization.k8s.io"];
  return [
    `${[...head(kind), "rules:", ...rules.map(ruleYaml)].join("\n")}\n`,
    `${[
      ...head(`${kind}Binding`),
      `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: executor-registry }`,
      "subjects:",
      `  - kind: ${subject.kind}`,
      `    name: ${JSON.stringify(subject.name)}`,
      ...subjectPlace,
      ...subjectGroup,
    ].join("\n")}\n`,
  ];
}
