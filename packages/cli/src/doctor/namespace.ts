import { cronJobsPath, KubernetesError, SIGHTINGS_NAME } from "@executor-registry/resolver/kubernetes";
import { systemClock } from "@executor-registry/resolver";
import type { Finding, Patient } from "./check.ts";

/** The namespace, what it enforces on pods, where CronJobs are served, and whether sightings are kept. */
export async function checkNamespace(patient: Patient): Promise<readonly Finding[]> {
  const { api, namespace, signal } = patient;
  const found = await read(patient, `/api/v1/namespaces/${namespace}`);
  if (found === "missing") {
    return [
      {
        state: "fail",
        check: "namespace",
        detail: `${namespace} does not exist`,
        fix: `kubectl create namespace ${namespace}, or choose another with -n`,
      },
    ];
  }
  const level = typeof found === "string" ? undefined : found.metadata?.labels?.["pod-security.kubernetes.io/enforce"];
  const path = await cronJobsPath({ api, namespace, signal, clock: systemClock, random: Math.random, contact() {} });
  const ledger = await read(patient, `/api/v1/namespaces/${namespace}/configmaps/${SIGHTINGS_NAME}`);
  return [
    {
      state: "ok",
      check: "namespace",
      detail: level
        ? `${namespace} enforces the ${level} Pod Security Standard; jobs meet the restricted one`
        : namespace,
    },
    ...(path
      ? [
          {
            state: "ok",
            check: "cronjobs",
            detail: `served as ${path.includes("v1beta1") ? "batch/v1beta1 (Kubernetes before 1.21)" : "batch/v1"}`,
          } as const,
        ]
      : []),
    typeof ledger === "object"
      ? { state: "ok", check: "sightings", detail: `kept in ConfigMap ${SIGHTINGS_NAME}` }
      : {
          state: "ok",
          check: "sightings",
          detail: ledger === "missing" ? "none kept yet; a dispatcher or `watch` begins to" : "may not be read",
        },
  ];
}

interface Labelled {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
}

async function read({ api, signal }: Patient, path: `/${string}`): Promise<Labelled | "missing" | "forbidden"> {
  try {
    return (await api.request(path, { signal })) as Labelled;
  } catch (error) {
    if (error instanceof KubernetesError && error.code === "not-found") return "missing";
    if (error instanceof KubernetesError && error.code === "forbidden") return "forbidden";
    throw error;
  }
}
