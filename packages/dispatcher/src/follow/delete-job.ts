import { type Clock, type Random, systemClock } from "@executor-registry/resolver";
import { type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { retryMs, mayPass } from "../tools/backoff.ts";

export interface DeleteJobOptions {
  /** Deletes only the Job with this uid, and never another of its name. */
  readonly uid?: string | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 5000;

/**
 * Deletes a Job and, in the background, its pods. One that is gone already is deleted.
 * @throws KubernetesError when the server refuses, or stays out of reach for five attempts
 */
export async function deleteJob(
  api: KubernetesApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { uid, clock = systemClock, random = Math.random }: DeleteJobOptions = {},
): Promise<void> {
  const body = { propagationPolicy: "Background", ...(uid ? { preconditions: { uid } } : {}) };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await api.request(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`, {
        method: "DELETE",
        body,
        timeout: TIMEOUT_MS,
      });
      return;
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      // A conflict is the precondition: the Job of that uid is gone, and another has its name.
      if (error.code === "not-found" || (uid && error.code === "conflict")) return;
      if (!mayPass(error) || attempt === ATTEMPTS) throw error;
      await clock.sleep(retryMs(attempt, random, error.retryAfter));
    }
  }
}
