import { createHash } from "node:crypto";
import type { Authenticator, Principal, Role } from "./role.ts";

/** A token that the configuration knows by its hash alone. */
export interface StaticToken {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token, in hex. */
  readonly sha256: string;
}

/**
 * Tokens listed in the configuration. They are looked up by their SHA-256: how long that takes says nothing about a token
 * that the caller could use. Tokens must be random (128 bits or more), since the hash is not slowed down.
 */
export function createStaticTokens(tokens: readonly StaticToken[]): Authenticator {
  const principals = new Map<string, Principal>(
    tokens.map(({ name, role, sha256 }) => [sha256.toLowerCase(), { name: `token:${name}`, role }]),
  );
  return {
    name: "static tokens",
    authenticate: (token) => Promise.resolve(principals.get(createHash("sha256").update(token).digest("hex"))),
  };
}
