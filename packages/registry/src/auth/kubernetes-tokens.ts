import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { z } from "zod";
import type { Authenticator, Role } from "./role.ts";

/** Which service accounts may call, and as what. */
export interface KubernetesTokensOptions {
  readonly api: KubernetesApi;
  /** The audience that tokens must be bound to: one made for another service is not accepted. */
  readonly audience: string;
  /** `namespace:name`, or `namespace:*`, of service accounts. The first that matches counts. */
  readonly serviceAccounts: Readonly<Record<string, Role>>;
}

const TokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    audiences: z.array(z.string()).optional(),
    user: z.object({ username: z.string().optional() }).optional(),
  }),
});

const PREFIX = "system:serviceaccount:";

/**
 * Tokens of Kubernetes service accounts, judged by the API server.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 */
export function createKubernetesTokens({ api, audience, serviceAccounts }: KubernetesTokensOptions): Authenticator {
  return {
    close: () => api.close(),
    name: "Kubernetes service accounts",
    async authenticate(token, signal) {
      // A service account's token is a JWT; anything else is not sent to the API server.
      if (token.split(".").length !== 3) return undefined;
      const review = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token, audiences: [audience] },
      };
      const options = { method: "POST", body: review, timeout: 5000, signal } as const;
      const answer = await api
        .request("/apis/authentication.k8s.io/v1/tokenreviews", options)
        .catch((cause: unknown) => {
          // What the API server thinks of this service is not what it thinks of the caller.
          throw new ExecutorRegistryError("unreachable", "Kubernetes cannot judge the token now", { cause });
        });
      const { status } = TokenReview.parse(answer);
      // A server that knows nothing of audiences answers without them, and has not checked them.
      if (!status.authenticated || !status.audiences?.includes(audience)) return undefined;
      const username = status.user?.username ?? "";
      if (!username.startsWith(PREFIX)) return undefined;
      const account = username.slice(PREFIX.length);
      const [namespace = ""] = account.split(":");
      const role = serviceAccounts[account] ?? serviceAccounts[`${namespace}:*`];
      return role === undefined ? undefined : { name: `serviceaccount:${account}`, role };
    },
  };
}
