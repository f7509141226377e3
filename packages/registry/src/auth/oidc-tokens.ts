import { type Clock, systemClock } from "@executor-registry/resolver";
import { proxiedFetch } from "../net/proxied-fetch.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import type { Authenticator, Role } from "./role.ts";

/** Whose tokens are taken, and what they allow. */
export interface OidcTokensOptions {
  /** Exactly as in the tokens' `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are. @default what its discovery document says */
  readonly jwksUri?: string;
  /** The claim that decides the role. @default "sub" */
  readonly claim: string;
  /** A value of the claim → role. A claim that is a list has all its values looked up; the highest role counts. */
  readonly roles: Readonly<Record<string, Role>>;
  /** @default the global fetch, through the environment's proxies */
  readonly fetch?: typeof fetch;
  /** @default the machine's */
  readonly clock?: Clock;
}

/**
 * JSON Web Tokens of an OpenID provider.
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 */
export function createOidcTokens(options: OidcTokensOptions): Authenticator {
  const { issuer, audience, jwksUri, claim, roles, fetch = proxiedFetch(), clock = systemClock } = options;
  const keys = createIssuerKeys({ issuer, ...(jwksUri !== undefined && { jwksUri }), fetch, clock });

  return {
    name: `OIDC ${issuer}`,
    async authenticate(token) {
      if (token.split(".").length !== 3) return undefined;
      const { jwtVerify, errors } = await import("jose");
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          // Symmetric algorithms would make the public key a shared secret.
          algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
          requiredClaims: ["exp", "sub"],
          clockTolerance: 30,
          currentDate: new Date(clock.now()),
        });
        const role = highestRole(payload[claim], roles);
        const { email, sub = "" } = payload;
        return role === undefined ? undefined : { name: `oidc:${typeof email === "string" ? email : sub}`, role };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

function highestRole(claim: unknown, roles: Readonly<Record<string, Role>>): Role | undefined {
  const values = (Array.isArray(claim) ? claim : [claim]).map(String);
  const found = new Set(values.map((value) => (Object.hasOwn(roles, value) ? roles[value] : undefined)));
  return (["operator", "dispatcher", "reader"] as const).find((role) => found.has(role));
}
