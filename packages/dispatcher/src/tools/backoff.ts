import type { Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import type { KubernetesError } from "@executor-registry/resolver/kubernetes";

const FIRST_MS = 500;
const MAX_MS = 10_000;

/**
 * Milliseconds to wait after the `attempt`-th failure (from 1): full jitter below a ceiling that doubles from 0.5 s to 10 s,
 * and never less than the server asked for.
 */
export function retryMs(attempt: number, random: Random, retryAfter = 0): number {
  return retryAfter + backoff(attempt - 1, random, MAX_MS, FIRST_MS);
}

/** Whether the same call can succeed within seconds. Roles and credentials are given by people, who take longer. */
export function mayPass({ code, retryable }: KubernetesError): boolean {
  return retryable && code !== "forbidden" && code !== "unauthorized";
}
