import { createResolver, type Logger, type Resolver, silentLogger } from "@executor-registry/resolver";
import { connect, type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { connectOptions, type Given, text } from "../base/parse-flags.ts";
import type { Io } from "../output/io.ts";
import { parseServiceName, proxiedRegistry } from "./proxied-service.ts";
import { registryOf } from "./registry-of.ts";
import { UsageError } from "../base/usage-error.ts";

/** The OCI image layout the flags or the environment name. */
export function layoutOf(given: Given, io: Io): string | undefined {
  return text(given, "layout") ?? (io.env["EXECUTOR_LAYOUT"] || undefined);
}

/**
 * A resolver as the flags say: of the registry service, of a layout, or of a cluster. Commands that only look leave no ledger behind.
 * @param kubernetes the cluster that is connected already; the flags that name it say nothing of who resolves then
 */
export async function openResolver(
  given: Given,
  io: Io,
  ledger: "read" | "write",
  kubernetes?: KubernetesApi,
): Promise<Resolver> {
  const registry = registryOf(kubernetes ? withoutCluster(given) : given, io);
  const logger = loggerFor(given, io);
  if (registry) {
    const { urls, ...token } = registry;
    return createResolver({
      environment: "production",
      registry: { url: urls.map(({ href }) => href), ...token },
      logger,
    });
  }
  const service = text(given, "service");
  if (service !== undefined && text(given, "layout") === undefined) {
    const api = kubernetes ?? (await connect(connectOptions(given)));
    return createResolver({
      environment: "production",
      registry: proxiedRegistry(api, parseServiceName(service)),
      logger,
    });
  }
  const layout = layoutOf(given, io);
  const cluster = kubernetes ?? CLUSTER_FLAGS.find((flag) => text(given, flag) !== undefined);
  if (io.env["EXECUTOR_ENVIRONMENT"] === "production" && layout === undefined && cluster === undefined) {
    return createResolver({ environment: "production", logger });
  }
  return clusterResolver(given, io, ledger, kubernetes);
}

const CLUSTER_FLAGS = ["context", "kubeconfig", "namespace", "service"] as const;

/** A resolver of a layout or of a cluster. */
export function clusterResolver(given: Given, io: Io, ledger: "read" | "write", kubernetes?: KubernetesApi): Resolver {
  const layout = layoutOf(given, io);
  const contradiction = CLUSTER_FLAGS.find((flag) => text(given, flag) !== undefined);
  if (text(given, "layout") !== undefined && contradiction) {
    throw new UsageError(`--layout reads a folder and no cluster, so --${contradiction} has no meaning with it`);
  }
  const [template, configMap] = [text(given, "template"), text(given, "config-map")];
  const named = contradiction !== undefined || layout !== undefined || kubernetes !== undefined;
  return createResolver({
    // Flags that name a cluster or a folder go before the environment.
    ...(named && { environment: "development" as const }),
    logger: loggerFor(given, io),
    ...(layout === undefined ? { kubernetes: kubernetes ?? connectOptions(given), ledger } : { layout }),
    ...(template && { template }),
    ...(configMap && layout === undefined && { configMap }),
  });
}

function withoutCluster({ flags, ...given }: Given): Given {
  const { context: _context, kubeconfig: _kubeconfig, namespace: _namespace, ...others } = flags;
  return { ...given, flags: others };
}

/** Says on standard error what happens, with `--verbose`; silent without. */
export function loggerFor({ flags }: Given, { stderr }: Io): Logger {
  if (!flags["verbose"]) return silentLogger;
  const line = (level: string) => (fields: object, message: string) => {
    const facts = Object.entries(fields).map(
      ([key, value]) => `${key}=${value instanceof Error ? value.message : String(value)}`,
    );
    stderr.print(`${level} ${message}${facts.length > 0 ? ` (${facts.join(" ")})` : ""}`);
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
