import type { KubernetesApi } from "../kubernetes/api/api.ts";
import type { ConnectOptions } from "../kubernetes/connect/connect.ts";
import type { Clock, Random } from "../tools/clock.ts";
import type { Logger } from "../tools/logger.ts";

/** A source of the development environment. */
export type DevelopmentSource = "declared" | "configmap" | "nodes";

/** What a development environment takes; all of it is optional. */
export interface DevelopmentOptions {
  /** Development: how the repositories of executors are called. @default "executor-{type}" */
  readonly template?: string;
  /** Development: an OCI image layout folder to answer from; no cluster is contacted then. */
  readonly layout?: string;
  /** Development: the cluster, or which one. @default found as `connect()` does */
  readonly kubernetes?: KubernetesApi | ConnectOptions;
  /** Development: name of the ConfigMap that lists executors. @default "executors" */
  readonly configMap?: string;
  /** Development: which sources to ask. @default all three */
  readonly sources?: readonly DevelopmentSource[];
  /** Development: whether first sightings of node images are kept in a ConfigMap, only read from it, or neither. @default "write" */
  readonly ledger?: "write" | "read" | "off";
  /** @default silent */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}
