import { ConfigurationError } from "@executor-registry/resolver";
import { connect } from "@executor-registry/resolver/kubernetes";
import type { CredentialProvider } from "../oci/auth/credentials.ts";
import { dockerConfigCredentials } from "../oci/auth/docker-config.ts";
import { pullSecretCredentials } from "../oci/auth/pull-secrets.ts";
import type { CredentialsConfig } from "./source-schema.ts";

/** Where a registry's credentials come from. */
export function credentialsOf({ username, password, dockerConfig, pullSecret }: CredentialsConfig): CredentialProvider {
  if (username !== undefined && password !== undefined) {
    return { credentials: () => Promise.resolve({ username, password }) };
  }
  if (dockerConfig !== undefined) return dockerConfigCredentials(dockerConfig);
  const [namespace, name] = pullSecret?.split("/") ?? [];
  if (namespace === undefined || name === undefined) throw new ConfigurationError("credentials name no place");
  let secrets: Promise<CredentialProvider> | undefined;
  return {
    async credentials(host, signal) {
      secrets ??= connect().then((api) => pullSecretCredentials({ api, namespace, names: [name] }));
      return (await secrets).credentials(host, signal);
    },
  };
}
