import type { Clock } from "@executor-registry/resolver";
import type { BearerToken } from "./bearer-token.ts";

const MAX_TOKENS = 10_000;

/** Tokens by what they are for, each fetched once however many ask for it at a time. */
export interface TokenCache {
  get(key: string, fetch: () => Promise<BearerToken>): Promise<string>;
  /** A server refused this token: it is not used again. */
  refused(value: string): void;
  clear(): void;
}

export function createTokenCache(clock: Clock): TokenCache {
  const tokens = new Map<string, BearerToken>();
  const flights = new Map<string, Promise<BearerToken>>();
  return {
    async get(key, fetch) {
      const held = tokens.get(key);
      if (held && clock.now() < held.renewAt) return held.value;
      tokens.delete(key);
      const flying = flights.get(key);
      if (flying) return (await flying).value;
      const flight = fetch();
      flights.set(key, flight);
      try {
        const token = await flight;
        // Of a cache that was cleared meanwhile, the token belongs to credentials of the past.
        if (flights.get(key) === flight) {
          tokens.set(key, token);
          for (const oldest of tokens.keys()) {
            if (tokens.size <= MAX_TOKENS) break;
            tokens.delete(oldest);
          }
        }
        return token.value;
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    },
    refused(value) {
      for (const [key, token] of tokens) if (token.value === value) tokens.delete(key);
    },
    clear() {
      tokens.clear();
      flights.clear();
    },
  };
}
