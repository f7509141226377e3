/** How the registry service is reached, and for how long its answers count. Times are milliseconds. */
export interface RegistryOptions {
  /**
   * The service's base URL, which may have a path; several are tried in order.
   * @default `EXECUTOR_REGISTRY_URL`, comma separated
   */
  readonly url?: string | readonly string[];
  /** A bearer token. Prefer `tokenFile`, which can rotate. @default none */
  readonly token?: string;
  /** A file that holds the bearer token. Read for every request, so that a rotated token counts at once. @default `EXECUTOR_REGISTRY_TOKEN_FILE` */
  readonly tokenFile?: string;
  /** For how long an answer counts as current while no events are received. @default 30_000 */
  readonly ttl?: number;
  /** For how long the last answer is given, as `stale`, while the service does not confirm it. @default 86_400_000 */
  readonly maxStale?: number;
  /** For how long a type counts as unknown without asking again. @default 5_000 */
  readonly negativeTtl?: number;
  /** For how long one request may take; ten times that for the list of all types. @default 3_000 */
  readonly timeout?: number;
  /**
   * Where the last answers are kept, for a start while the service is away.
   * @default `EXECUTOR_REGISTRY_CACHE_FILE`, else nowhere
   */
  readonly cacheFile?: string;
  /** Whether to receive changes through the service's server-sent events. @default true */
  readonly events?: boolean;
  /**
   * Who makes the requests, for a proxy or a certificate authority of one's own; it must heed `signal` and `redirect`.
   * @default the global `fetch`
   */
  readonly fetch?: typeof globalThis.fetch;
}
