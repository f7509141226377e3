import { createHash } from "node:crypto";
import type { Clock } from "@executor-registry/resolver";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { mayAct, type Authenticator, type Principal, type Role } from "./role.ts";

/** Whether it takes a token. */
type Openness = "open" | "token";

/** Who may do what. */
export interface AccessOptions {
  /** Whether reading needs a token. */
  readonly reads: Openness;
  /** Whether writing needs a token. `open` is for a service that only its own machine can reach. */
  readonly writes: Openness;
  /** Whether the details of health need one. @default what reading needs */
  readonly health?: Openness | undefined;
  /** @default what reading needs */
  readonly metrics?: Openness | undefined;
  /** Asked in turn until one knows the token. */
  readonly authenticators: readonly Authenticator[];
  readonly clock: Clock;
}

/** Decides about callers. */
export interface Access {
  /** Whether reading needs no token at all. */
  readonly openReads: boolean;
  readonly openHealth: boolean;
  readonly openMetrics: boolean;
  /** Who the header's token is known to belong to, from memory alone: what every read can afford. */
  remembered(authorization: string | undefined): Principal | undefined;
  /**
   * Who calls, when they may act as `role`. Where reading is open, no authenticator is asked.
   * @param open whether that needs no token. @default as configured for the role
   * @throws ExecutorRegistryError code `unauthorized` without a token that is known, `forbidden` with one that may not
   */
  check(authorization: string | undefined, role: Role, signal: AbortSignal, open?: boolean): Promise<Principal>;
}

/** How long an authenticator's answer is believed: a revoked token works for at most this long. Milliseconds. */
const REMEMBERED_MS = 60_000;
/** How long a token that no authenticator knows is refused without asking again. Milliseconds. */
const UNKNOWN_MS = 10_000;
const MAX_REMEMBERED = 10_000;
const MAX_TOKEN_LENGTH = 16_384;

/** @see https://www.rfc-editor.org/rfc/rfc6750 */
export function createAccess(options: AccessOptions): Access {
  const { reads, writes, health = reads, metrics = reads, authenticators, clock } = options;
  // By the token itself, as every read can afford: a Map compares texts only where their hashes, seeded anew in each process,
  // are equal, so that how long it takes says nothing about how near a guess was.
  const known = new Map<string, { readonly principal: Principal; readonly since: number }>();
  // By hash, since the caller decides how long a token is.
  const unknown = new Map<string, number>();
  const asking = new Map<string, Promise<Principal | undefined>>();
  const anyone: Principal = { name: "anyone", role: "operator" };
  const openFor = (role: Role): boolean => (role === "reader" ? reads === "open" : writes === "open");
  // A clock that is set back makes neither last longer.
  const within = (since: number | undefined, span: number): boolean =>
    since !== undefined && Math.abs(clock.now() - since) < span;

  const lookUp = (token: string): Principal | undefined => {
    const found = known.get(token);
    return found !== undefined && within(found.since, REMEMBERED_MS) ? found.principal : undefined;
  };

  async function ask(token: string, hash: string): Promise<Principal | undefined> {
    // Many may wait for one answer: no single one's end may cancel it. Authenticators have time limits of their own.
    const { signal } = new AbortController();
    let problem: Error | undefined;
    for (const authenticator of authenticators) {
      try {
        const principal = await authenticator.authenticate(token, signal);
        if (principal === undefined) continue;
        remember(known, token, { principal, since: clock.now() });
        return principal;
      } catch (error) {
        problem = error instanceof Error ? error : new Error(String(error));
      }
    }
    if (problem !== undefined) throw problem;
    remember(unknown, hash, clock.now());
    return undefined;
  }

  async function authenticate(token: string, signal: AbortSignal): Promise<Principal | undefined> {
    const remembered = lookUp(token);
    if (remembered !== undefined) return remembered;
    const hash = createHash("sha256").update(token).digest("base64");
    if (within(unknown.get(hash), UNKNOWN_MS)) return undefined;
    const flight = asking.get(hash) ?? ask(token, hash).finally(() => asking.delete(hash));
    asking.set(hash, flight);
    const principal = await flight;
    signal.throwIfAborted();
    return principal;
  }

  return {
    openReads: reads === "open",
    openHealth: health === "open",
    openMetrics: metrics === "open",
    remembered: (authorization) => {
      const token = bearer(authorization);
      return token === undefined ? undefined : lookUp(token);
    },
    async check(authorization, role, signal, open = openFor(role)) {
      const token = bearer(authorization);
      if (open && (token === undefined || role === "reader")) {
        return (token === undefined ? undefined : lookUp(token)) ?? anyone;
      }
      if (token === undefined) {
        throw new ExecutorRegistryError("unauthorized", `this needs a token of role ${role}: Authorization: Bearer …`);
      }
      // Where everybody may, it only matters for the journal who it was.
      const principal = await (open ? authenticate(token, signal).catch(() => anyone) : authenticate(token, signal));
      if (principal === undefined) {
        if (open) return anyone;
        throw new ExecutorRegistryError(
          "unauthorized",
          "the token is not known, has expired or is for another audience",
        );
      }
      if (open || mayAct(principal, role)) return principal;
      throw new ExecutorRegistryError("forbidden", `${principal.name} has role ${principal.role}; this needs ${role}`);
    },
  };
}

/** Adds what is newest, and forgets what is oldest. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) break;
    map.delete(oldest);
  }
}

function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_TOKEN_LENGTH) return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
