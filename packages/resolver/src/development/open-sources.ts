import { type Clock, type Random, systemClock } from "../tools/clock.ts";
import type { Sources } from "./combine.ts";
import type { KubernetesApi } from "../kubernetes/api/api.ts";
import { createConfigMapSource } from "../kubernetes/config-map/source.ts";
import { connect } from "../kubernetes/connect/connect.ts";
import { createDeclaredSource } from "../kubernetes/declared/source.ts";
import { watchNamespace } from "../kubernetes/api/namespace-watch.ts";
import { createNodesSource } from "../kubernetes/nodes/source.ts";
import { openLayout } from "../layout/oci-layout.ts";
import { type Logger, silentLogger } from "../tools/logger.ts";
import type { DevelopmentOptions } from "./options.ts";
import type { ExecutorTemplate } from "../reference/template.ts";

/**
 * Opens the sources of a development environment: a folder of images, or what the options leave of the cluster's.
 * @throws NoClusterError, KubeconfigError
 */
export async function openSources(options: DevelopmentOptions, template: ExecutorTemplate): Promise<Sources> {
  const { logger: log = silentLogger, clock = systemClock, random = Math.random, layout, kubernetes } = options;
  if (layout !== undefined) {
    return { list: [openLayout({ directory: layout, template, log, clock })], namespace: "", close() {} };
  }
  const given = isApi(kubernetes);
  const api = given ? kubernetes : await connect(kubernetes);
  return {
    ...clusterSources(options, { api, namespace: api.namespace, template, log, clock, random }),
    close: () => (given ? undefined : api.close()),
  };
}

interface Common {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly template: ExecutorTemplate;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

function clusterSources(options: DevelopmentOptions, common: Common): Omit<Sources, "close"> {
  const { sources = ["declared", "configmap", "nodes"], configMap = "executors", ledger = "write" } = options;
  const declared = sources.includes("declared") ? [createDeclaredSource(common)] : [];
  const listed = sources.includes("configmap") ? [createConfigMapSource({ ...common, name: configMap })] : [];
  const nodes = sources.includes("nodes") ? createNodesSource({ ...common, ledger }) : undefined;
  return {
    list: [...declared, ...listed, ...(nodes ? [nodes] : [])],
    namespace: common.namespace,
    ...(declared.length + listed.length > 0 && { namespaceWatch: watchNamespace(common) }),
    configMap,
    ...(nodes && { holders: (reference) => nodes.holders(reference) }),
  };
}

function isApi(given: DevelopmentOptions["kubernetes"]): given is KubernetesApi {
  return given !== undefined && "request" in given;
}
