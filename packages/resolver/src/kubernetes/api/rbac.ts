import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { RbacRule } from "../../contract/resolver-errors.ts";
import { SIGHTINGS_NAME } from "./api.ts";

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
          // Only events say why a Job got no pod at all.
          { apiGroups: [""], resources: ["events"], verbs: ["list"] },
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

export interface RbacManifestOptions {
  readonly namespace: string;
  readonly subject: RbacSubject;
  /** Name of the ConfigMap that lists executors. @default "executors" */
  readonly configMap?: string;
}

/** Whether a user or group stands for every caller of the API server, also without credentials. */
export function isEverybody(name: string): boolean {
  return name === "system:anonymous" || name === "system:unauthenticated";
}

/**
 * Ready-to-apply roles and bindings for some features, as YAML documents. Their names contain features and subject, so
 * that applying one more never takes away what another allowed.
 * @throws ExecutorRegistryError for a subject that stands for every caller: it must never get a right
 */
export function rbacManifest(features: readonly RbacFeature[], options: RbacManifestOptions): string {
  const { name } = options.subject;
  if (isEverybody(name)) {
    throw new ExecutorRegistryError(
      "unauthorized",
      `${name} stands for every caller of the API server: log in instead of giving it rights`,
    );
  }
  return (["namespace", "cluster"] as const)
    .flatMap((scope) => {
      const chosen = features.filter((feature) => rbacNeed(feature).scope === scope);
      return chosen.length === 0 ? [] : documents(scope, chosen, options);
    })
    .join("---\n");
}

/** One rule as the YAML of a list item. */
function ruleYaml({ apiGroups, resources, resourceNames, verbs }: RbacRule): string {
  return [
    `  - apiGroups: ${flowList(apiGroups)}`,
    `    resources: ${flowList(resources)}`,
    ...(resourceNames ? [`    resourceNames: ${flowList(resourceNames)}`] : []),
    `    verbs: ${flowList(verbs)}`,
  ].join("\n");
}

function documents(scope: RbacNeed["scope"], features: readonly RbacFeature[], options: RbacManifestOptions): string[] {
  const { namespace, subject, configMap } = options;
  const kind = scope === "cluster" ? "ClusterRole" : "Role";
  const role = ["executor-registry", ...features].join("-");
  const owner = [role, ...(subject.namespace === undefined ? [] : [subject.namespace]), subject.name].join("-");
  const head = (kind: string, name: string): string[] => [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${kind}`,
    "metadata:",
    // Names of RBAC objects are free but for what would divide a path.
    `  name: ${scalar(name.replaceAll(/[^\w.:-]/g, "-"))}`,
    ...(scope === "namespace" ? [`  namespace: ${scalar(namespace)}`] : []),
  ];
  const rules = features.flatMap((feature) => rbacNeed(feature, configMap).rules);
  return [
    [...head(kind, role), "rules:", ...rules.map(ruleYaml)],
    [
      ...head(`${kind}Binding`, owner),
      `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${scalar(role)} }`,
      "subjects:",
      `  - kind: ${subject.kind}`,
      `    name: ${scalar(subject.name)}`,
      ...(subject.namespace === undefined ? [] : [`    namespace: ${scalar(subject.namespace)}`]),
      // A User or Group belongs to the API group; a ServiceAccount is of the core group.
      ...(subject.kind === "ServiceAccount" ? [] : ["    apiGroup: rbac.authorization.k8s.io"]),
    ],
  ].map((lines) => `${lines.join("\n")}\n`);
}

function flowList(values: readonly string[]): string {
  return `[${values.map(scalar).join(", ")}]`;
}

/** Bare where it can be nothing but a string in every version of YAML: no number, no boolean, no null. */
function scalar(text: string): string {
  const bare = /^[a-z][a-z0-9./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/.test(text);
  return bare ? text : JSON.stringify(text);
}
