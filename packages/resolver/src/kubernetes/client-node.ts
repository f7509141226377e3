import { KubeconfigError } from "./errors.ts";
import { type KubeConfigLike, missingContext } from "./kubeconfig.ts";

/** What a kubeconfig is read into before kubeconfigs are merged. */
interface LoadableKubeConfig extends KubeConfigLike {
  readonly contexts: readonly { readonly name: string }[];
  readonly clusters: readonly { readonly name: string }[];
  readonly users: readonly { readonly name: string }[];
  loadFromFile(file: string): void;
  loadFromOptions(options: object): void;
}

/** Loads `@kubernetes/client-node`. A parameter, since its absence is a case of its own. */
export type ImportClient = () => Promise<{ readonly KubeConfig: new () => LoadableKubeConfig }>;

/** The optional peer dependency. Loading it takes most of a second and 90 MB, so only a kubeconfig makes it happen. */
export const importClient: ImportClient = () => import("@kubernetes/client-node");

/**
 * Reads kubeconfig files and merges them as kubectl does: of two entries with one name the first wins.
 * @throws KubeconfigError when a file cannot be read, the context does not exist, or the peer dependency is missing
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
export async function loadKubeconfig(
  files: readonly string[],
  context: string | undefined,
  load: ImportClient,
): Promise<KubeConfigLike> {
  const { KubeConfig } = await loadPeer(load);
  const parts = files.map((file) => {
    const part = new KubeConfig();
    try {
      part.loadFromFile(file);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new KubeconfigError(`the kubeconfig ${file} cannot be read: ${why}`, { cause });
    }
    return part;
  });
  const merged = new KubeConfig();
  const contexts = firstOfEachName(parts.flatMap((part) => part.contexts));
  merged.loadFromOptions({
    contexts,
    clusters: firstOfEachName(parts.flatMap((part) => part.clusters)),
    users: firstOfEachName(parts.flatMap((part) => part.users)),
    currentContext: context ?? parts.map((part) => part.getCurrentContext()).find(Boolean),
  });
  if (context !== undefined && !contexts.some(({ name }) => name === context)) {
    throw missingContext(
      context,
      contexts.map(({ name }) => name),
    );
  }
  return merged;
}

async function loadPeer(load: ImportClient): ReturnType<ImportClient> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND") {
      throw new KubeconfigError("reading a kubeconfig needs a package: npm install @kubernetes/client-node", { cause });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KubeconfigError(
      `@kubernetes/client-node could not be loaded on Node ${process.versions.node}: ${why}. Its version 2 needs Node 22.19`,
      { cause },
    );
  }
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  const seen = new Set<string>();
  return entries.filter(({ name }) => !seen.has(name) && seen.add(name));
}
