import type { RequestOptions } from "node:https";
import type { ClusterAccess, Credentials } from "../api/access.ts";
import { KubeconfigError } from "../api/errors.ts";
import { missingContext } from "./kubeconfig/choose.ts";

/** The part of `KubeConfig` of `@kubernetes/client-node` that is used; any version's will do. */
export interface KubeConfigLike {
  readonly contexts: readonly { readonly name: string }[];
  getCurrentContext(): string;
  getContextObject(name: string): { readonly namespace?: string } | null;
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string } | null;
  /** Adds certificates and headers; runs exec plugins and renews OIDC tokens where the kubeconfig has them. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/** How to reach the cluster of a loaded configuration's current context: who the caller is, that configuration decides. */
export function givenAccess(config: KubeConfigLike, namespace: string | undefined): ClusterAccess {
  const context = config.getCurrentContext();
  const contexts = config.contexts.map(({ name }) => name);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw missingContext(context, contexts);
  if (!URL.canParse(cluster.server)) {
    throw new KubeconfigError(`the kubeconfig's context ${context} has no valid server URL`, { contexts });
  }
  const server = new URL(cluster.server);
  let asked: Promise<Credentials> | undefined;
  const ask = async (): Promise<Credentials> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { agent, headers, ...tls } = options;
    return {
      headers: { ...(headers as Record<string, string> | undefined) },
      // Its agent keeps the first certificate, ours takes each request's; only one for a proxy is needed.
      tls: cluster.proxyUrl && agent ? { ...tls, agent } : tls,
    };
  };
  return {
    server,
    context,
    namespace: namespace ?? (config.getContextObject(context)?.namespace || "default"),
    async credentials() {
      // Plain HTTP, as `kubectl proxy` serves it, gets no credentials: anybody on the way could read them.
      if (server.protocol === "http:") return { headers: {}, tls: {} };
      // Its plugins are started once for each call.
      asked ??= ask().finally(() => (asked = undefined));
      return asked;
    },
  };
}
