import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { ClusterAccess } from "./access.ts";

/** Where a pod finds its service account. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The kubelet renews a bound token at 80 % of its life (at least 10 minutes), so a minute is soon enough. */
const TOKEN_AGE = 60_000;

/**
 * How a pod reaches its own cluster, or in words why this is no pod with a service account.
 * @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export async function inCluster(
  variables: Readonly<Record<string, string | undefined>>,
  folder: string,
  namespace: string | undefined,
  clock: Clock,
): Promise<ClusterAccess | string> {
  const host = variables["KUBERNETES_SERVICE_HOST"];
  const port = variables["KUBERNETES_SERVICE_PORT"];
  if (!host || !port) return "the pod's environment (KUBERNETES_SERVICE_HOST is not set)";

  const tokenFile = join(folder, "token");
  let token = await readText(tokenFile);
  if (token === undefined) {
    return `the pod's service account (${tokenFile} cannot be read; is automountServiceAccountToken false?)`;
  }
  let readAt = clock.now();
  let ca = await readText(join(folder, "ca.crt"));

  const read = async (): Promise<boolean> => {
    readAt = clock.now();
    const [nextToken, nextCa] = await Promise.all([readText(tokenFile), readText(join(folder, "ca.crt"))]);
    ca = nextCa ?? ca;
    const changed = nextToken !== undefined && nextToken !== token;
    token = nextToken ?? token;
    return changed;
  };

  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    context: "in-cluster",
    namespace: namespace ?? (await readText(join(folder, "namespace"))) ?? "default",
    async credentials() {
      if (clock.now() - readAt >= TOKEN_AGE) await read();
      return { headers: { authorization: `Bearer ${token}` }, tls: ca === undefined ? {} : { ca } };
    },
    renew: read,
  };
}

/** A small file's text, trimmed, or nothing when it is missing, unreadable or empty. */
async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch {
    return undefined;
  }
}
