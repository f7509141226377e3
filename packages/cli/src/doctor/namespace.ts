import {
  cronJobsPath,
  isObject,
  type JsonObject,
  memberAt,
  objectOf,
  SIGHTINGS_NAME,
  textOf,
} from "@executor-registry/resolver/internal";
import { KubernetesError } from "@executor-registry/resolver/kubernetes";
import type { Check, DoctorContext } from "./check.ts";

/** The namespace, what it enforces on pods, where CronJobs are served, and whether sightings are kept. */
export async function checkNamespace(context: DoctorContext): Promise<readonly Check[]> {
  const { namespace } = context;
  const found = await read(context, `/api/v1/namespaces/${namespace}`);
  if (found === "missing") {
    const fix = `kubectl create namespace ${namespace}, or choose another with -n`;
    return [{ name: "namespace", state: "fail", detail: `${namespace} does not exist`, fix }];
  }
  const level = textOf(memberAt(found, "metadata", "labels", "pod-security.kubernetes.io/enforce"));
  const enforced = level ? ` enforces the ${level} Pod Security Standard; jobs meet the restricted one` : "";
  return [
    { name: "namespace", state: "ok", detail: `${namespace}${enforced}` },
    ...(await checkCronJobs(context)),
    await checkSightings(context),
  ];
}

async function checkCronJobs(context: DoctorContext): Promise<readonly Check[]> {
  // It asks until it is answered.
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(10_000)]);
  const path = await cronJobsPath({ ...context, signal, random: Math.random, contact() {} });
  if (!path) return [];
  const version = path.includes("v1beta1") ? "batch/v1beta1 (Kubernetes before 1.21)" : "batch/v1";
  return [{ name: "cronjobs", state: "ok", detail: `served as ${version}` }];
}

async function checkSightings(context: DoctorContext): Promise<Check> {
  const found = await read(context, `/api/v1/namespaces/${context.namespace}/configmaps/${SIGHTINGS_NAME}`);
  const details = { missing: "none kept yet; a dispatcher or `watch` begins to", forbidden: "may not be read" };
  const detail = isObject(found) ? `kept in ConfigMap ${SIGHTINGS_NAME}` : details[found];
  return { name: "sightings", state: "ok", detail };
}

async function read({ api, signal }: DoctorContext, path: `/${string}`): Promise<JsonObject | "missing" | "forbidden"> {
  try {
    return objectOf(await api.request(path, { signal }));
  } catch (error) {
    if (error instanceof KubernetesError && error.code === "not-found") return "missing";
    if (error instanceof KubernetesError && error.code === "forbidden") return "forbidden";
    throw error;
  }
}
