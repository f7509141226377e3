import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Clock, systemClock } from "../../tools/clock.ts";
import type { ClusterAccess } from "../api/access.ts";
import type { KubernetesApi } from "../api/api.ts";
import { KubeconfigError, NoClusterError } from "../api/errors.ts";
import { httpsApi } from "../api/https-api.ts";
import { inCluster, SERVICE_ACCOUNT_FOLDER } from "./in-cluster.ts";
import { givenAccess, type KubeConfigLike } from "./given-config.ts";
import { kubeconfigAccess } from "./kubeconfig/access.ts";
import { choose } from "./kubeconfig/choose.ts";
import { importYaml, type ImportYaml, loadKubeconfig } from "./kubeconfig/load.ts";

/** Which cluster to use, when it is not the one that is found by itself. */
export interface ConnectOptions {
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string;
  /** @default the kubeconfig's current context */
  readonly context?: string;
  /** @default the pod's own, the context's, else `default` */
  readonly namespace?: string;
  /** A loaded `KubeConfig` of `@kubernetes/client-node`; excludes `kubeconfig` and `context`. */
  readonly kubeConfig?: KubeConfigLike;
}

/** What {@link connect} looks at. */
export interface ConnectEnvironment {
  /** @default process.env */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** @default the user's home folder */
  readonly home?: string;
  /** Holds `token`, `ca.crt` and `namespace`. @default "/var/run/secrets/kubernetes.io/serviceaccount" */
  readonly serviceAccount?: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default import("yaml") */
  readonly importYaml?: ImportYaml;
  /** Whether a credential plugin may ask a person. @default whether standard input is a terminal */
  readonly terminal?: boolean;
}

/**
 * Finds the cluster: the options', that of `KUBECONFIG`, the one this pod runs in, that of `~/.kube/config`.
 * Contacts nothing yet. A kubeconfig in YAML needs the optional peer dependency `yaml`; a pod never loads it.
 * @throws NoClusterError when there is none
 * @throws KubeconfigError when a kubeconfig lacks what was asked for, or cannot be read
 */
export async function connect(
  options: ConnectOptions = {},
  environment: ConnectEnvironment = {},
): Promise<KubernetesApi> {
  return httpsApi(await findCluster(options, environment), environment.clock);
}

async function findCluster(options: ConnectOptions, environment: ConnectEnvironment): Promise<ClusterAccess> {
  const { kubeConfig, kubeconfig, context, namespace } = options;
  const { variables = process.env, home = homedir(), clock = systemClock } = environment;
  const { serviceAccount = SERVICE_ACCOUNT_FOLDER } = environment;
  const load = async (files: readonly string[]): Promise<ClusterAccess> => {
    const config = await loadKubeconfig(files, environment.importYaml ?? importYaml);
    return kubeconfigAccess(choose(config, context, variables), namespace, { ...environment, variables, clock });
  };

  if (kubeConfig) {
    if (kubeconfig === undefined && context === undefined) return givenAccess(kubeConfig, namespace);
    throw new KubeconfigError("kubeConfig excludes kubeconfig and context: it has a current context already");
  }
  if (kubeconfig !== undefined) return load([kubeconfig]);

  const listed = (variables["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  if (listed.length > 0) {
    // kubectl too leaves out missing files of the list, and looks at nothing else once there is one.
    const present = listed.filter((file) => existsSync(file));
    if (present.length > 0) return load(present);
    throw new NoClusterError([`KUBECONFIG (${listed.join(", ")}: no such file)`]);
  }
  const own = join(home, ".kube", "config");
  const found = existsSync(own);
  if (context !== undefined && found) return load([own]);

  const pod = await inCluster(variables, serviceAccount, namespace, clock);
  if (typeof pod !== "string" && context === undefined) return pod;
  if (found) return load([own]);
  throw new NoClusterError([
    "KUBECONFIG (not set)",
    ...(typeof pod === "string" ? [pod] : [`the pod's service account (has no context ${context})`]),
    `${own} (no such file)`,
  ]);
}
