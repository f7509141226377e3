import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { z } from "zod";
import { type CredentialProvider, type Credentials, type CredentialsByPath, CredentialsError } from "./credentials.ts";
import { type DockerAuths, dockerAuths, findAuth } from "./docker-auths.ts";

/** @see https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets */
const secret = z.object({
  type: z.string().optional(),
  data: z.record(z.string(), z.base64()).nullish(),
});
const configJson = z.object({ auths: dockerAuths });

const MAX_BYTES = 1 << 20;

/** Which Secrets hold the credentials that pods pull with. */
export interface PullSecretsOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Asked in this order. */
  readonly names: readonly string[];
}

/**
 * Credentials out of image pull Secrets of the cluster, read whenever they are asked for.
 * @throws KubernetesError where a Secret cannot be read; needs the permission to `get` it
 * @throws CredentialsError where it holds no registry credentials
 */
export function pullSecretCredentials({ api, namespace, names }: PullSecretsOptions): CredentialProvider {
  return {
    async credentials(host, signal): Promise<Credentials | CredentialsByPath | undefined> {
      const auths: [string, DockerAuths[string]][] = [];
      for (const name of names) {
        const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}` as const;
        auths.push(...Object.entries(parsePullSecret(await api.request(path, { signal, limit: 2 * MAX_BYTES }), name)));
        const found = findAuth(auths, host);
        // Credentials for the whole host need no more; those for parts of it may be completed by another Secret.
        if (found && !("byPath" in found)) return found;
      }
      return findAuth(auths, host);
    },
  };
}

/** @param name for messages. @throws CredentialsError, which quotes nothing of the Secret */
function parsePullSecret(object: unknown, name: string): DockerAuths {
  const parsed = secret.safeParse(object);
  const { type = "", data } = parsed.data ?? {};
  const content = (key: string): unknown => JSON.parse(Buffer.from(data?.[key] ?? "", "base64").toString());
  try {
    if (type === "kubernetes.io/dockerconfigjson") return configJson.parse(content(".dockerconfigjson")).auths;
    if (type === "kubernetes.io/dockercfg") return dockerAuths.parse(content(".dockercfg"));
  } catch {
    throw new CredentialsError(
      `Secret ${name} of type ${type} does not hold what that type says. Create it again with kubectl create secret docker-registry`,
    );
  }
  throw new CredentialsError(
    `Secret ${name} is not an image pull secret: its type is ${JSON.stringify(type.slice(0, 80))}`,
  );
}
