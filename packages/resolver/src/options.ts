import type { Clock, Random } from "./clock.ts";
import type { Environment } from "./environment.ts";
import type { KubernetesApi } from "./kubernetes/api.ts";
import type { ConnectOptions } from "./kubernetes/connect.ts";
import type { Logger } from "./logger.ts";
import { ConfigurationError } from "./resolver-errors.ts";

/** A source of the development environment. */
export type DevelopmentSource = "declared" | "configmap" | "nodes";

/** All of it is optional: in development none is needed. */
export interface ResolverOptions {
  /** @default `EXECUTOR_ENVIRONMENT`, else `production` when `EXECUTOR_REGISTRY_URL` is set, else `development` */
  readonly environment?: Environment;
  /** How the repositories of executors are called. @default "executor-{type}" */
  readonly template?: string;
  /** An OCI image layout folder to answer from; no cluster is contacted then. */
  readonly layout?: string;
  /** The cluster, or which one. @default found as `connect()` does */
  readonly kubernetes?: KubernetesApi | ConnectOptions;
  /** Name of the ConfigMap that lists executors. @default "executors" */
  readonly configMap?: string;
  /** @default all three */
  readonly sources?: readonly DevelopmentSource[];
  /** Whether first sightings of node images are kept in a ConfigMap, only read from it, or neither. @default "write" */
  readonly ledger?: "write" | "read" | "off";
  /** @default silent */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

const DEVELOPMENT_SOURCES: readonly string[] = ["declared", "configmap", "nodes"] satisfies DevelopmentSource[];
const OF_CLUSTER = ["kubernetes", "configMap", "sources", "ledger"] as const;

/** @throws ConfigurationError for options that contradict each other */
export function checkOptions(options: ResolverOptions): void {
  const { layout, sources } = options;
  const given = OF_CLUSTER.filter((name) => options[name] !== undefined);
  if (layout !== undefined && given.length > 0) {
    throw new ConfigurationError(`option layout excludes ${given.join(", ")}: no cluster is contacted with it`);
  }
  const unknown = sources?.find((name) => !DEVELOPMENT_SOURCES.includes(name));
  if (unknown !== undefined || sources?.length === 0) {
    const what = unknown === undefined ? "is empty" : `has "${unknown}"`;
    throw new ConfigurationError(`option sources ${what}; it takes some of ${DEVELOPMENT_SOURCES.join(", ")}`);
  }
}

/** @throws ConfigurationError for an environment that is none, or that this release cannot serve */
export function chooseEnvironment(
  { environment, layout }: ResolverOptions,
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const named = environment ?? (variables["EXECUTOR_ENVIRONMENT"] || undefined);
  const chosen = named ?? (variables["EXECUTOR_REGISTRY_URL"] && layout === undefined ? "production" : "development");
  if (chosen === "development") return chosen;
  if (chosen !== "production") {
    throw new ConfigurationError(`environment "${chosen}" is neither development nor production`);
  }
  throw new ConfigurationError(
    "environment production needs the registry service's client, which this release does not have yet; " +
      "set EXECUTOR_ENVIRONMENT=development, or the option `environment`, to answer from the cluster",
  );
}
