/** What a caller may do; each role may do what the ones before it may. */
export const ROLES = ["reader", "dispatcher", "operator"] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, proven. */
export interface Principal {
  /** For the journal and the logs: `token:ci`, `serviceaccount:jobs:dispatcher`, `oidc:alice@example.com`. */
  readonly name: string;
  readonly role: Role;
}

export const mayAct = (principal: Principal, as: Role): boolean => ROLES.indexOf(principal.role) >= ROLES.indexOf(as);

/** One way to prove who is calling. */
export interface Authenticator {
  readonly name: string;
  /**
   * Who a bearer token belongs to; `undefined` when this authenticator does not know it.
   * @throws ExecutorRegistryError when it cannot be asked now
   */
  authenticate(token: string, signal: AbortSignal): Promise<Principal | undefined>;
  /** Ends its connections, where it keeps any. */
  close?(): void;
}
