import type { Clock } from "@executor-registry/resolver";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { mayAct, type Authenticator, type Principal, type Role } from "./role.ts";

/** Who may do what. */
export interface AccessOptions {
  /** Whether reading needs a token. */
  readonly reads: "open" | "token";
  /** Whether writing needs a token. `open` is for a service that only its own machine can reach. */
  readonly writes: "open" | "token";
  /** Asked in turn until one knows the token. */
  readonly authenticators: readonly Authenticator[];
  readonly clock: Clock;
}

/** Decides about callers. */
export interface Access {
  /** Whether reading needs no token at all. */
  readonly openReads: boolean;
  /** Who the header's token is known to belong to, from memory alone: what every read can afford. */
  remembered(authorization: string | undefined): Principal | undefined;
  /**
   * Who calls, when they may act as `role`.
   * @throws ExecutorRegistryError code `unauthorized` without a token that is known, `forbidden` with one that may not
   */
  check(authorization: string | undefined, role: Role, signal: AbortSignal): Promise<Principal>;
}

/** How long an authenticator's answer is believed: a revoked token works for at most this long. Milliseconds. */
const REMEMBERED = 60_000;
const MOST_REMEMBERED = 10_000;
const LONGEST_TOKEN = 16_384;

/** @see https://www.rfc-editor.org/rfc/rfc6750 */
export function createAccess({ reads, writes, authenticators, clock }: AccessOptions): Access {
  // By the token itself, as every read can afford: a Map compares texts only where their hashes, seeded anew in each process,
  // are equal, so that how long it takes tells nothing of how near a guess was.
  const known = new Map<string, { readonly principal: Principal; readonly since: number }>();
  const anyone: Principal = { name: "anyone", role: "operator" };
  const open = (role: Role): boolean => (role === "reader" ? reads === "open" : writes === "open");

  const lookUp = (token: string): Principal | undefined => {
    const found = known.get(token);
    // A clock that is set back lets nobody in for longer.
    return found !== undefined && Math.abs(clock.now() - found.since) < REMEMBERED ? found.principal : undefined;
  };

  async function authenticate(token: string, signal: AbortSignal): Promise<Principal | undefined> {
    let problem: Error | undefined;
    for (const authenticator of authenticators) {
      try {
        const principal = await authenticator.authenticate(token, signal);
        if (principal !== undefined) return principal;
      } catch (error) {
        problem = error instanceof Error ? error : new Error(String(error));
      }
    }
    if (problem !== undefined) throw problem;
    return undefined;
  }

  return {
    openReads: reads === "open",
    remembered: (authorization) => {
      const token = bearer(authorization);
      return token === undefined ? undefined : lookUp(token);
    },
    async check(authorization, role, signal) {
      const token = bearer(authorization);
      if (token === undefined) {
        if (open(role)) return anyone;
        throw new ExecutorRegistryError("unauthorized", `this needs a token of role ${role}: Authorization: Bearer …`);
      }
      let principal = lookUp(token);
      if (principal === undefined) {
        principal = await authenticate(token, signal);
        if (principal === undefined) {
          if (open(role)) return anyone;
          throw new ExecutorRegistryError(
            "unauthorized",
            "the token is not known, has expired or is for somebody else",
          );
        }
        if (known.size >= MOST_REMEMBERED) known.clear();
        known.set(token, { principal, since: clock.now() });
      }
      if (mayAct(principal, role) || open(role)) return principal;
      throw new ExecutorRegistryError("forbidden", `${principal.name} has role ${principal.role}; this needs ${role}`);
    },
  };
}

function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > LONGEST_TOKEN) return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
