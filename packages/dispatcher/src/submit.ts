import { type Clock, type Random, systemClock } from "@executor-registry/resolver";
import { TYPE_LABEL } from "@executor-registry/resolver/internal";
import { type ApiPath, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { RequestConflictError } from "./tools/errors.ts";
import type { JobManifest } from "./job/job.ts";
import { REQUEST_ID } from "./job/names.ts";
import type { Job } from "./tools/kubernetes.ts";
import { parseJob } from "./tools/parse-kubernetes.ts";
import { retryMs, mayPass } from "./tools/backoff.ts";

export interface SubmitOptions {
  /** Takes effect between attempts: one that is under way is waited for, so that it is known whether the Job exists. */
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt. @default 10_000 */
  readonly timeout?: number;
  /** How often to try, when the server does not answer or asks to wait. @default 6 */
  readonly attempts?: number;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

/** A Job that is now in the cluster. */
export interface Submission {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Whether this call made it; also false when an attempt of this call did whose answer was lost. */
  readonly created: boolean;
}

/**
 * Creates a Job, unless the one of the same request exists already: however often and from wherever it is called,
 * there is one Job. So it also tries again by itself when it cannot know whether the server got the request.
 * @throws RequestConflictError when another Job has the name
 * @throws KubernetesError when the server refuses, or stays out of reach
 */
export async function submit(api: KubernetesApi, job: JobManifest, options: SubmitOptions = {}): Promise<Submission> {
  const { signal, timeout = 10_000, attempts = 6, clock = systemClock, random = Math.random } = options;
  const namespace = job.metadata.namespace ?? api.namespace;
  const path: ApiPath = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      const made = await createOrFind(api, path, job, namespace, timeout);
      if (made) return made;
      if (attempt >= attempts) throw new RequestConflictError(namespace, job.metadata.name, requestIdOf(job));
      await clock.sleep(retryMs(attempt, random), signal);
    } catch (error) {
      const again = error instanceof KubernetesError && mayPass(error) && attempt < attempts;
      if (!again) throw error;
      await clock.sleep(retryMs(attempt, random, error.retryAfter), signal);
    }
  }
}

/** Nothing when the Job that was in the way is gone again. */
async function createOrFind(
  api: KubernetesApi,
  path: ApiPath,
  job: JobManifest,
  namespace: string,
  timeout: number,
): Promise<Submission | undefined> {
  const { name } = job.metadata;
  try {
    const { metadata } = jobIn(await api.request(path, { method: "POST", body: job, timeout }), "POST", path, api);
    return { namespace, name, uid: metadata.uid, created: true };
  } catch (error) {
    if (!(error instanceof KubernetesError && error.reason === "AlreadyExists")) throw error;
  }
  try {
    const { metadata } = jobIn(await api.request(`${path}/${name}`, { timeout }), "GET", `${path}/${name}`, api);
    const mine = job.metadata;
    const same =
      metadata.annotations?.[REQUEST_ID] === mine.annotations[REQUEST_ID] &&
      metadata.labels?.[TYPE_LABEL] === mine.labels[TYPE_LABEL];
    if (!same) throw new RequestConflictError(namespace, name, requestIdOf(job));
    return { namespace, name, uid: metadata.uid, created: false };
  } catch (error) {
    if (error instanceof KubernetesError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** @throws KubernetesError for an answer that is no Job */
function jobIn(answer: unknown, method: string, path: ApiPath, { server }: KubernetesApi): Job {
  const job = parseJob(answer);
  if (job) return job;
  const message = "the answer is not a Job; is this a Kubernetes API server?";
  throw new KubernetesError("kubernetes-api", message, { method, path, server });
}

function requestIdOf(job: JobManifest): string {
  return job.metadata.annotations[REQUEST_ID] ?? "";
}
