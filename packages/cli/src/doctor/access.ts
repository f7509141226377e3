import { memberAt, rbacNeed, refusedSubject } from "@executor-registry/resolver/internal";
import {
  KubernetesError,
  rbacManifest,
  type RbacFeature,
  type RbacRule,
  type RbacSubject,
} from "@executor-registry/resolver/kubernetes";
import type { Check, DoctorContext, Report } from "./check.ts";

const FEATURES: readonly RbacFeature[] = ["declared", "configmap", "nodes", "sightings", "pods", "dispatcher"];
/** One of them is enough to resolve. */
const SOURCES: readonly RbacFeature[] = ["declared", "configmap", "nodes"];

/** What this user may do of all that each feature needs, and the roles for what is missing. */
export async function checkAccess(context: DoctorContext): Promise<Report> {
  const { namespace, configMap } = context;
  const looks = FEATURES.map(async (feature) => ({ feature, missing: await missingOf(feature, context) }));
  const results = await Promise.all(looks);
  const refused = results.filter(({ missing }) => missing.length > 0).map(({ feature }) => feature);
  const blind = SOURCES.every((source) => refused.includes(source));
  const checks = results.map(({ feature, missing }): Check => {
    const name = `rbac: ${feature}`;
    const { purpose } = rbacNeed(feature, configMap);
    if (missing.length === 0) return { name, state: "ok", detail: `may ${purpose}` };
    const fails = feature === "dispatcher" || (blind && SOURCES.includes(feature));
    const detail = `may not ${purpose} (${missing.join(", ")})`;
    return { name, state: fails ? "fail" : "warn", detail, fix: "apply the roles of the manifest" };
  });
  if (refused.length === 0) return { checks };
  return { checks, manifest: rbacManifest(refused, { namespace, subject: await currentSubject(context), configMap }) };
}

async function missingOf(feature: RbacFeature, context: DoctorContext): Promise<readonly string[]> {
  const { scope, rules } = rbacNeed(feature, context.configMap);
  const needed = rules.flatMap((rule) => attributesOf(rule, scope === "namespace" ? context.namespace : undefined));
  const allowed = await Promise.all(needed.map((one) => isAllowed(one, context)));
  const refused = needed.filter((_, index) => !allowed[index]);
  return [...new Set(refused.map(({ verb, resource }) => `${verb} ${resource}`))];
}

interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

function attributesOf(
  { apiGroups, resources, resourceNames, verbs }: RbacRule,
  namespace: string | undefined,
): ResourceAttributes[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((path) =>
      verbs.map((verb) => {
        const [resource = "", subresource] = path.split("/");
        const [name] = resourceNames ?? [];
        return {
          verb,
          group,
          resource,
          ...(subresource && { subresource }),
          ...(name && { name }),
          ...(namespace && { namespace }),
        };
      }),
    ),
  );
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
async function isAllowed(resourceAttributes: ResourceAttributes, { api, signal }: DoctorContext): Promise<boolean> {
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } };
  const answer = await api.request("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    method: "POST",
    body,
    signal,
  });
  return memberAt(answer, "status", "allowed") === true;
}

/** Servers before 1.28 name the user only when they refuse a request. */
async function currentSubject({ api, namespace, signal }: DoctorContext): Promise<RbacSubject> {
  const defaultAccount: RbacSubject = { kind: "ServiceAccount", name: "default", namespace };
  try {
    await api.request("/apis/executor-registry.dev/v1/whoami", { signal });
    return defaultAccount;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    return refusedSubject(error.message) ?? defaultAccount;
  }
}
