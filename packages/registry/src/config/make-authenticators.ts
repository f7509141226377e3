import { type Clock, ConfigurationError, type Logger, systemClock } from "@executor-registry/resolver";
import { connect } from "@executor-registry/resolver/kubernetes";
import { createKubernetesTokens } from "../auth/kubernetes-tokens.ts";
import { createOidcTokens } from "../auth/oidc-tokens.ts";
import type { Authenticator } from "../auth/role.ts";
import { createStaticTokens } from "../auth/static-tokens.ts";
import type { Variables } from "./read-secrets.ts";
import type { Config } from "./schema.ts";

/** The ways to prove who is calling, cheapest first. @throws ConfigurationError where Kubernetes should judge tokens and no cluster is found */
export async function makeAuthenticators(
  { tokens, kubernetes, oidc }: Config["auth"],
  log: Logger,
  clock: Clock = systemClock,
  variables: Variables = process.env,
): Promise<readonly Authenticator[]> {
  const authenticators: Authenticator[] = [];
  if (tokens.length > 0) authenticators.push(createStaticTokens(tokens));
  if (kubernetes !== undefined) {
    const api = await connect({}, { variables }).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigurationError(`auth.kubernetes: tokens cannot be judged: ${why}`);
    });
    log.info({ url: api.server, audience: kubernetes.audience }, "service accounts' tokens are judged by Kubernetes");
    authenticators.push(createKubernetesTokens({ api, ...kubernetes }));
  }
  if (oidc !== undefined) {
    const { jwksUri, ...rest } = oidc;
    authenticators.push(createOidcTokens({ ...rest, clock, ...(jwksUri && { jwksUri }) }));
  }
  return authenticators;
}
