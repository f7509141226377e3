import { ExecutorRegistryError } from "@executor-registry/resolver";

/** Credentials for one registry. */
export type Credentials =
  | {
      readonly username: string;
      readonly password: string;
      /** When to ask the provider again, in milliseconds since the epoch. @default when they are refused */
      readonly renewAt?: number;
    }
  /** A refresh token of the OAuth2 flow, as `docker login` to Azure leaves behind. */
  | { readonly identityToken: string };

/** Credentials for parts of a registry, the most specific first. */
export interface CredentialsByPath {
  readonly byPath: readonly {
    /** What a repository's path begins with; empty for the whole registry. */
    readonly path: string;
    readonly credentials: Credentials;
  }[];
}

/** Credentials are configured but cannot be read: a helper fails, a file or Secret is malformed. Quotes nothing secret. */
export class CredentialsError extends ExecutorRegistryError {
  override readonly name = "CredentialsError";

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super("unauthorized", message, options);
  }
}

/** Where credentials come from. Asked when a registry first demands some, and again when it refuses those it got or they are due. */
export interface CredentialProvider {
  /** @param host `host[:port]` as in references; Docker Hub is `docker.io`. Resolves to `undefined` where it knows none */
  credentials(host: string, signal: AbortSignal): Promise<Credentials | CredentialsByPath | undefined>;
}

/** The value of an `Authorization` header. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** What the registry as a whole, or one repository, is asked with. */
export function credentialsFor(
  given: Credentials | CredentialsByPath | undefined,
  repository: string | undefined,
): Credentials | undefined {
  if (given === undefined || !("byPath" in given)) return given;
  return given.byPath.find(({ path }) => path === "" || repository?.startsWith(path))?.credentials;
}

export function sameCredentials(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
