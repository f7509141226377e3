import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";

/** What one look at the cluster found. */
export interface Finding {
  /** `ok`: fine. `warn`: works, but not as well as it could. `fail`: something does not work. */
  readonly state: "ok" | "warn" | "fail";
  readonly check: string;
  readonly detail: string;
  /** What to do about it; several lines may follow. */
  readonly fix?: string;
}

/** What every check can use. */
export interface Patient {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Name of the ConfigMap that lists executors. */
  readonly configMap: string;
  readonly signal: AbortSignal;
}
