import type { Clock } from "@executor-registry/resolver";
import { z } from "zod";
import { basicHeader, type Credentials } from "./credentials.ts";
import { type Place, RegistryError } from "../wire/errors.ts";
import { parseJson } from "../wire/json.ts";
import type { HttpAnswer, OutgoingRequest } from "../wire/transport.ts";

/** Where a registry sends its clients for tokens. */
export interface TokenServer {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** A token, and when to get the next. */
export interface BearerToken {
  readonly value: string;
  /** At 80 % of its life. Milliseconds since the Unix epoch. */
  readonly renewAt: number;
}

/** @see https://distribution.github.io/distribution/spec/auth/token/ */
const tokenAnswer = z.object({
  // Servers fill both, and serializers write null for what is unset: one that is of no use decides nothing.
  token: z.unknown().optional(),
  access_token: z.unknown().optional(),
  expires_in: z.number().positive().catch(60).default(60),
});

const TOKEN_LIMIT = 64 << 10;
const MAX_SECONDS = 24 * 3600;
const RENEW = 0.8;

/** The request for a token of a scope: with a refresh token by OAuth2's POST, else by GET. */
export function tokenRequest(
  { realm, service }: TokenServer,
  scope: string | undefined,
  credentials: Credentials | undefined,
  place: Place,
): Omit<OutgoingRequest, "guarded"> {
  const common = { place, limit: TOKEN_LIMIT };
  if (credentials && "identityToken" in credentials) {
    const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "executor-registry" });
    if (service !== undefined) form.set("service", service);
    if (scope !== undefined) form.set("scope", scope);
    form.set("refresh_token", credentials.identityToken);
    const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
    return { ...common, method: "POST", url: realm, headers, body: form.toString() };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const one of scope?.split(" ") ?? []) url.searchParams.append("scope", one);
  const headers = {
    accept: "application/json",
    ...(credentials && { authorization: basicHeader(credentials.username, credentials.password) }),
  };
  return { ...common, method: "GET", url, headers };
}

/** @throws RegistryError code `registry-protocol` for what is no token */
export function readToken(answer: HttpAnswer, place: Place, clock: Clock): BearerToken {
  const { token, access_token, expires_in } = parseJson(tokenAnswer, answer.body, "the token server's answer", place);
  // It becomes a header.
  const usable = (given: unknown): given is string => typeof given === "string" && /^[\x21-\x7e]+$/.test(given);
  const value = [token, access_token].find(usable);
  if (value === undefined) {
    throw new RegistryError("registry-protocol", `the token server ${answer.url.host} answers without a token`, place);
  }
  // Counted from its receipt: `issued_at` is by another clock.
  return { value, renewAt: clock.now() + Math.min(expires_in, MAX_SECONDS) * 1000 * RENEW };
}
