import { ExecutorRegistryError } from "../../tools/errors.ts";
import { ForbiddenError } from "../../contract/resolver-errors.ts";
import { isEverybody, type RbacFeature, rbacManifest, rbacNeed, type RbacSubject } from "./rbac.ts";

export interface ForbiddenOptions {
  /** What may not be done. */
  readonly what: string;
  readonly features: readonly RbacFeature[];
  readonly namespace: string;
  /** Name of the ConfigMap that lists executors. */
  readonly configMap?: string | undefined;
  /** The API server's refusal. */
  readonly cause: ExecutorRegistryError;
}

/** The refusal with what to apply against it; of a stranger, that credentials are missing. */
export function forbidden({ what, features, namespace, configMap, cause }: ForbiddenOptions): ExecutorRegistryError {
  const rules = features.flatMap((feature) => rbacNeed(feature, configMap).rules);
  const subject = subjectBehind(cause) ?? { kind: "ServiceAccount", name: "default", namespace };
  if (isEverybody(subject.name)) {
    return new ExecutorRegistryError("unauthorized", `${what}: the cluster knows no credentials of this user; log in`, {
      cause,
    });
  }
  const manifest = rbacManifest(features, { namespace, subject, ...(configMap !== undefined && { configMap }) });
  return new ForbiddenError(what, { rules, manifest }, cause);
}

/**
 * That something may not be read, by whom, and what to allow; for a sentence about it.
 * @param resources as RBAC calls them, `cronjobs.batch`
 */
export function refusedBecause(problem: unknown, resources: readonly string[]): string {
  const subject = subjectBehind(problem);
  const whom =
    subject === undefined
      ? ""
      : ` by ${subject.kind} ${subject.namespace === undefined ? "" : `${subject.namespace}/`}${subject.name}`;
  return `may not be read${whom} (RBAC has to allow get, list and watch of ${resources.join(" and ")})`;
}

/** The refusal may itself be the cause of one that a source has reported. */
function subjectBehind(error: unknown): RbacSubject | undefined {
  return error instanceof Error ? (refusedSubject(error.message) ?? subjectBehind(error.cause)) : undefined;
}

/** As authorizers put it. A webhook or policy of admission may say anything, but says that it denied the request. */
const REFUSAL = /(?:^|: )User "((?:[^"\\]|\\.)+)" cannot /;
const DENIAL = /\bdenied (?:the )?request\b/;

/**
 * Whom the API server refused, from the words of its authorizer; it says it nowhere else. Nothing where it was no role that
 * lacked: quotas, admission and namespaces that end refuse with 403 too.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects
 */
export function refusedSubject(message: string): RbacSubject | undefined {
  const user = DENIAL.test(message) ? undefined : REFUSAL.exec(message)?.[1];
  if (user === undefined) return undefined;
  const [system, serviceAccount, namespace, name] = user.split(":");
  return system === "system" && serviceAccount === "serviceaccount" && namespace && name
    ? { kind: "ServiceAccount", name, namespace }
    : { kind: "User", name: user };
}
