import type { Clock, Random } from "../../clock.ts";
import { ExecutorRegistryError } from "../../errors.ts";
import type { ApiPath, KubernetesApi } from "../api.ts";
import { createBackoff } from "../backoff.ts";

export interface CronJobsPathOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /** Told what stands in the way while it is tried again. */
  contact(problem: ExecutorRegistryError): void;
}

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
      const answer = (await api.request("/apis/batch/v1", { signal })) as {
        readonly resources?: readonly { readonly name: string }[];
      };
      const stable = answer.resources?.some(({ name }) => name === "cronjobs") ?? false;
      return `/apis/batch/${stable ? "v1" : "v1beta1"}/namespaces/${namespace}/cronjobs`;
    } catch (error) {
      if (!(error instanceof ExecutorRegistryError)) continue;
      contact(error);
      await clock.sleep(backoff.next(), signal).catch(() => {});
    }
  }
  return undefined;
}
