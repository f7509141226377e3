import type { JWTVerifyGetKey } from "jose";
import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { z } from "zod";
import { boundedFetch } from "../net/bounded-fetch.ts";

/** Whose keys are read, and how. */
export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Where they are. @default what the issuer's discovery document says */
  readonly jwksUri?: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

const LIMITS = { bytes: 256 << 10, time: 5000 };
/** After so many milliseconds keys are read again, though they are good until the issuer says otherwise. */
const FRESH_MS = 600_000;
/** Tokens of unknown keys make them be read again at most this often, in milliseconds: anybody can make such tokens. */
const COOLDOWN_MS = 10_000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * The keys of an OpenID provider. Those that were read once stay good while it is away.
 * @returns finds a token's key; throws ExecutorRegistryError code `unreachable` when it would have to be read, and cannot
 */
export function createIssuerKeys({ issuer, jwksUri, fetch, clock }: IssuerKeysOptions): JWTVerifyGetKey {
  let held: JWTVerifyGetKey | undefined;
  let readAt = -Infinity;
  let triedAt = -Infinity;
  let failure: ExecutorRegistryError | undefined;
  let flight: Promise<JWTVerifyGetKey> | undefined;

  // Many wait for one reading: no single one's end may cancel it.
  const get = async (url: string): Promise<unknown> => {
    const bytes = await boundedFetch(fetch, new URL(url), LIMITS, new AbortController().signal);
    return JSON.parse(bytes.toString());
  };
  const read = async (): Promise<JWTVerifyGetKey> => {
    try {
      const { createLocalJWKSet } = await import("jose");
      const uri = jwksUri ?? (await discover(issuer, get));
      held = createLocalJWKSet(KeySet.parse(await get(uri)));
      readAt = clock.now();
      failure = undefined;
      return held;
    } catch (cause) {
      failure = new ExecutorRegistryError("unreachable", `the keys of OIDC issuer ${issuer} cannot be read now`, {
        cause,
      });
      throw failure;
    } finally {
      triedAt = clock.now();
      flight = undefined;
    }
  };
  /** A clock that was set back must not make anything last longer. */
  const since = (moment: number, span: number): boolean => Math.abs(clock.now() - moment) >= span;

  return async (header, token) => {
    const { errors } = await import("jose");
    const keys = held ?? (await (flight ??= read()));
    if (since(readAt, FRESH_MS) && since(triedAt, COOLDOWN_MS)) (flight ??= read()).catch(() => {});
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!since(triedAt, COOLDOWN_MS) && flight === undefined) throw failure ?? error;
      return (await (flight ??= read()))(header, token);
    }
  };
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discover(issuer: string, get: (url: string) => Promise<unknown>): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = Discovery.parse(await get(url));
  if (document.issuer !== issuer) throw new TypeError(`${url} is of another issuer: ${document.issuer}`);
  return document.jwks_uri;
}
