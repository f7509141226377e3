import type { Environment } from "./contract/resolution.ts";
import type { RegistryOptions } from "./client/options.ts";
import { ConfigurationError } from "./contract/resolver-errors.ts";
import type { DevelopmentOptions, DevelopmentSource } from "./development/options.ts";

/** All of it is optional: in development none is needed, in production only the registry service's URL. */
export interface ResolverOptions extends DevelopmentOptions {
  /**
   * @default `EXECUTOR_ENVIRONMENT`, else `production` when `registry` is given or `EXECUTOR_REGISTRY_URL` is set,
   * else `development`
   */
  readonly environment?: Environment;
  /** Production: how the registry service is reached. @default from the environment variables */
  readonly registry?: RegistryOptions;
}

const DEVELOPMENT_SOURCES: readonly string[] = ["declared", "configmap", "nodes"] satisfies DevelopmentSource[];
const OF_CLUSTER = ["kubernetes", "configMap", "sources", "ledger"] as const;

const OF_DEVELOPMENT = ["template", "layout", ...OF_CLUSTER] as const;

/** @throws ConfigurationError for options that contradict each other or the environment */
export function checkOptions(options: ResolverOptions, environment: Environment): void {
  const { layout, registry, sources } = options;
  const ofDevelopment = OF_DEVELOPMENT.filter((name) => options[name] !== undefined);
  if (environment === "production" && ofDevelopment.length > 0) {
    throw new ConfigurationError(
      `environment production excludes ${ofDevelopment.join(", ")}: the registry service alone answers there`,
    );
  }
  if (environment === "development" && registry !== undefined) {
    throw new ConfigurationError("environment development excludes registry: no registry service is asked there");
  }
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

/** @throws ConfigurationError for an unknown environment */
export function chooseEnvironment(
  { environment, layout, registry }: ResolverOptions,
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const named = environment ?? (variables["EXECUTOR_ENVIRONMENT"] || undefined);
  const known = registry !== undefined || Boolean(variables["EXECUTOR_REGISTRY_URL"] && layout === undefined);
  const chosen = named ?? (known ? "production" : "development");
  if (chosen === "development" || chosen === "production") return chosen;
  throw new ConfigurationError(`environment "${chosen}" is neither development nor production`);
}
