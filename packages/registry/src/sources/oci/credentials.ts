import { ConfigurationError } from "@executor-registry/resolver";
import { connect } from "@executor-registry/resolver/kubernetes";
import { z } from "zod";
import type { CredentialProvider } from "../../oci/auth/credentials.ts";
import { dockerConfigCredentials } from "../../oci/auth/docker-config.ts";
import { pullSecretCredentials } from "../../oci/auth/pull-secrets.ts";
import { Secret } from "../../settings/secret.ts";

/** How requests to a registry are authenticated. */
export const CredentialsConfig = z
  .strictObject({
    username: z.string().min(1).optional(),
    password: Secret.optional(),
    dockerConfig: z.string().min(1).optional().meta({
      description: "A Docker configuration file, its credential helpers included",
    }),
    pullSecret: z
      .string()
      .regex(/^[^/]+\/[^/]+$/, "expected namespace/name")
      .optional()
      .meta({ description: "`NAMESPACE/NAME` of a Secret of type `kubernetes.io/dockerconfigjson`" }),
  })
  .superRefine(({ username, password, dockerConfig, pullSecret }, context) => {
    const forms = [username ?? password, dockerConfig, pullSecret].filter((form) => form !== undefined);
    if (forms.length === 1 && (username === undefined) === (password === undefined)) return;
    const message = "expected {username, password}, {dockerConfig: PATH} or {pullSecret: NAMESPACE/NAME}";
    context.addIssue({ code: "custom", message });
  });

/** Where a registry's credentials come from. */
export function credentialsOf({
  username,
  password,
  dockerConfig,
  pullSecret,
}: z.output<typeof CredentialsConfig>): CredentialProvider {
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
