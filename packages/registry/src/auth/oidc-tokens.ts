import type { JWTVerifyGetKey } from "jose";
import { ExecutorRegistryError } from "@executor-registry/resolver";
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
  /** @default the global fetch */
  readonly fetch?: typeof fetch;
}

const TIMEOUT = 5000;

/**
 * JSON Web Tokens of an OpenID provider.
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 */
export function createOidcTokens(options: OidcTokensOptions): Authenticator {
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return {
    name: `OIDC ${options.issuer}`,
    async authenticate(token, signal) {
      if (token.split(".").length !== 3) return undefined;
      const { jwtVerify, errors } = await import("jose");
      keys ??= keySet(options, signal);
      try {
        const { payload } = await jwtVerify(token, await keys, {
          issuer: options.issuer,
          audience: options.audience,
          // Symmetric algorithms would make the public key a shared secret.
          algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
          requiredClaims: ["exp", "sub"],
          clockTolerance: 30,
        });
        const role = highestRole(payload[options.claim], options.roles);
        const { email, sub = "" } = payload;
        return role === undefined ? undefined : { name: `oidc:${typeof email === "string" ? email : sub}`, role };
      } catch (error) {
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
          keys = undefined;
          throw unavailable(options.issuer, error);
        }
        return undefined;
      }
    },
  };
}

async function keySet({ issuer, jwksUri, fetch = globalThis.fetch }: OidcTokensOptions, signal: AbortSignal) {
  const { createRemoteJWKSet, customFetch } = await import("jose");
  const uri = jwksUri ?? (await discover(issuer, fetch, signal));
  return createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT, [customFetch]: fetch });
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discover(issuer: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
  const response = await fetch(url, { redirect: "error", signal: limit });
  const document = (await response.json()) as { jwks_uri?: unknown };
  if (!response.ok || typeof document.jwks_uri !== "string") throw new TypeError(`${url} names no jwks_uri`);
  return document.jwks_uri;
}

function highestRole(claim: unknown, roles: Readonly<Record<string, Role>>): Role | undefined {
  const values = (Array.isArray(claim) ? claim : [claim]).map(String);
  const found = new Set(values.map((value) => (Object.hasOwn(roles, value) ? roles[value] : undefined)));
  return (["operator", "dispatcher", "reader"] as const).find((role) => found.has(role));
}

const unavailable = (issuer: string, cause: unknown): ExecutorRegistryError =>
  new ExecutorRegistryError("unreachable", `the keys of OIDC issuer ${issuer} cannot be read now`, { cause });
