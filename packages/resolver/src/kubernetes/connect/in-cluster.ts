import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../tools/clock.ts";
import type { ClusterAccess } from "../api/access.ts";
import { bearer, tokenFile } from "../api/token-file.ts";

/** Where a pod finds its service account. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * How a pod reaches its own cluster, or why this is no pod with a service account. No proxy of the environment is used:
 * the address is one of the cluster's own.
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

  const path = join(folder, "token");
  const tokens = tokenFile(path, clock);
  const first = await tokens.token().catch(() => undefined);
  if (first === undefined) {
    return `the pod's service account (${path} cannot be read; is automountServiceAccountToken false?)`;
  }
  let [token, ca] = [first, await readText(join(folder, "ca.crt"))];
  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    context: "in-cluster",
    namespace: namespace ?? (await readText(join(folder, "namespace"))) ?? "default",
    async credentials() {
      const now = await tokens.token();
      // The authority is replaced no more often than the token: both are looked at together.
      if (now !== token) ca = (await readText(join(folder, "ca.crt"))) ?? ca;
      token = now;
      return { headers: bearer(token), tls: ca === undefined ? {} : { ca } };
    },
    renew: ({ headers }) => tokens.replaced(String(headers["authorization"]).replace(/^Bearer /, "")),
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
