import { type Clock, type Random, systemClock } from "./clock.ts";
import { type KubernetesApi } from "./kubernetes/api.ts";
import { createConfigMapSource } from "./kubernetes/config-map/source.ts";
import { connect } from "./kubernetes/connect.ts";
import { isLocalBuild } from "./kubernetes/declared/exact.ts";
import { createDeclaredSource } from "./kubernetes/declared/source.ts";
import { createNodesSource, type NodesSource } from "./kubernetes/nodes/source.ts";
import { openLayout } from "./layout/oci-layout.ts";
import { type Logger, silentLogger } from "./logger.ts";
import type { ResolverOptions } from "./options.ts";
import { tryParseReference } from "./reference/reference.ts";
import { DEFAULT_TEMPLATE, parseTemplate } from "./reference/template.ts";
import type { Finding } from "./resolution.ts";
import type { Source } from "./source.ts";

/** The sources of a development environment, the most exact first. */
export interface Sources {
  readonly list: readonly Source[];
  readonly namespace: string;
  /** What the finding of one source becomes with what the others know. */
  refine(finding: Finding): Finding;
  /** Ends the connection, if it was made here. */
  close(): void;
}

/** @throws InvalidTemplateError, NoClusterError, KubeconfigError */
export async function openSources(options: ResolverOptions): Promise<Sources> {
  const { logger: log = silentLogger, clock = systemClock, random = Math.random, layout } = options;
  const template = parseTemplate(options.template ?? DEFAULT_TEMPLATE);
  if (layout !== undefined) {
    const list = [openLayout({ directory: layout, template, log, clock })];
    return { list, namespace: "", refine: (finding) => finding, close() {} };
  }
  const given = options.kubernetes;
  const api = isApi(given) ? given : await connect(given);
  const wanted = options.sources ?? ["declared", "configmap", "nodes"];
  const common: Common = { api, namespace: api.namespace, log, clock, random };
  const nodes = wanted.includes("nodes")
    ? createNodesSource({ ...common, template, ledger: options.ledger ?? "write" })
    : undefined;
  return {
    list: [
      ...(wanted.includes("declared") ? [createDeclaredSource({ ...common, template })] : []),
      ...(wanted.includes("configmap")
        ? [createConfigMapSource({ ...common, name: options.configMap ?? "executors" })]
        : []),
      ...(nodes ? [nodes] : []),
    ],
    namespace: api.namespace,
    refine: (finding) => (nodes ? onNodes(finding, nodes) : finding),
    close: () => (isApi(given) ? undefined : api.close()),
  };
}

interface Common {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A declared image that only nodes have must run on one that has it. */
function onNodes(finding: Finding, nodes: NodesSource): Finding {
  if (finding.decidedBy !== "declared") return finding;
  const reference = tryParseReference(finding.image);
  if (!reference || !isLocalBuild(reference)) return finding;
  const holders = nodes.holders(reference);
  return holders.length === 0 ? finding : { ...finding, nodes: holders };
}

function isApi(given: ResolverOptions["kubernetes"]): given is KubernetesApi {
  return given !== undefined && "request" in given;
}
