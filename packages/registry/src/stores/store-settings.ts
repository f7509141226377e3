/** Where a password is read, anew for each connection: it may be replaced, or be good for minutes alone. */
export type PasswordPlace =
  | { readonly file: string }
  | { readonly env: string }
  /** A program and its arguments, which prints it: `aws rds generate-db-auth-token …`. */
  | { readonly command: readonly [string, ...string[]] };

/** A store, and how to reach it. */
export interface StoreSettings {
  /** `sqlite:PATH`, `postgres://USER@HOST/DATABASE`. */
  readonly address: string;
  readonly password?: PasswordPlace | undefined;
  /** A file of certificates, in PEM, that the server's is trusted by instead of the system's. */
  readonly ca?: string | undefined;
  /** The address at which a PostgreSQL server itself listens, where `address` is that of a pooler. */
  readonly direct?: string | undefined;
}
