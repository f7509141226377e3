import type { Clock } from "@executor-registry/resolver";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";

/** What one look at the cluster found. */
export interface Check {
  readonly name: string;
  /** `ok`: fine. `warn`: works, but not as well as it could. `fail`: something does not work. */
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it; several lines may follow. */
  readonly fix?: string;
}

/** What the doctor found. */
export interface Report {
  readonly checks: readonly Check[];
  /** Roles and bindings for what may not be done, ready to apply, as YAML documents. */
  readonly manifest?: string;
}

/** What every check can use. */
export interface DoctorContext {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Name of the ConfigMap that lists executors. */
  readonly configMap: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const LISTED_NAMES = 5;

/** Names in a sentence, the first few of many. */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED_NAMES;
  return names.slice(0, LISTED_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
