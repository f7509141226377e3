import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { parseConfig } from "@executor-registry/registry";
import type { Config } from "@executor-registry/registry";
import { type Service, startService } from "@executor-registry/registry";
import type { KubernetesServer } from "./kubernetes-server.ts";

/** A service that answers from a cluster. */
export interface ClusterService extends AsyncDisposable {
  readonly service: Service;
  readonly config: Config;
}

/** Starts a service whose only source is the ConfigMap of executors in a double of a cluster. */
export async function clusterService(cluster: KubernetesServer): Promise<ClusterService> {
  const folder = await mkdtemp(join(tmpdir(), "cluster-source-"));
  const kubeconfig = join(folder, "config");
  const place = { clusters: [{ name: "c", cluster: { server: cluster.url.href } }], users: [{ name: "u", user: {} }] };
  const context = { contexts: [{ name: "x", context: { cluster: "c", user: "u" } }], "current-context": "x" };
  await writeFile(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", ...place, ...context }));
  const source = `{name: kind, kind: cluster, from: [configmap], kubeconfig: "${kubeconfig}"}`;
  const config = parseConfig(`listen: {host: 127.0.0.1, port: 0}\nsources: [${source}]\n`, "test.yaml");
  const service = await startService({ config, log: pino({ level: "silent" }) });
  return {
    service,
    config,
    async [Symbol.asyncDispose]() {
      await service.close();
      await rm(folder, { recursive: true });
    },
  };
}
