import type { Clock, Random } from "../../tools/clock.ts";
import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { ApiPath, KubernetesApi } from "../api/api.ts";
import { createBackoff } from "../../tools/backoff.ts";
import { KubernetesError } from "../api/errors.ts";

export interface CronJobsPathOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /** Called with what stands in the way while it is tried again. */
  contact(problem: ExecutorRegistryError): void;
}

const DISCOVERY = "/apis/batch/v1";

/**
 * Where this cluster serves CronJobs: `batch/v1`, or `batch/v1beta1` before Kubernetes 1.21. Asks until the server answers.
 * Resolves to `undefined` when the signal aborts first.
 * @see https://kubernetes.io/docs/reference/using-api/deprecation-guide/#cronjob-v125
 */
export async function cronJobsPath(options: CronJobsPathOptions): Promise<ApiPath | undefined> {
  const { api, namespace, signal, clock, random, contact } = options;
  const backoff = createBackoff(random);
  while (!signal.aborted) {
    try {
      const version = (await servesStable(api, signal)) ? "v1" : "v1beta1";
      return `/apis/batch/${version}/namespaces/${namespace}/cronjobs`;
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = error instanceof ExecutorRegistryError ? error : nonsense(api, error);
      contact(problem);
      const retryAfter = problem instanceof KubernetesError ? problem.retryAfter : undefined;
      await clock.sleep(backoff.next(retryAfter), signal).catch(() => {});
    }
  }
  return undefined;
}

async function servesStable(api: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  try {
    const { resources } = (await api.request(DISCOVERY, { signal })) as {
      readonly resources: readonly { readonly name: string }[];
    };
    return resources.some(({ name }) => name === "cronjobs");
  } catch (error) {
    // Who may not discover may still read CronJobs; every supported version has them here.
    if (error instanceof KubernetesError && error.code === "forbidden") return true;
    throw error;
  }
}

function nonsense(api: KubernetesApi, cause: unknown): KubernetesError {
  const place = { method: "GET", path: DISCOVERY, server: api.server };
  return new KubernetesError("kubernetes-api", "the answer is not a list of resources", place, { cause });
}
