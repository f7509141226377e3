/** What is asked of the registry service. */
export interface ServiceQuestion {
  /** @default "GET" */
  readonly method?: "GET" | "POST";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole answer. @default 10_000 */
  readonly timeout?: number;
}

/** The registry service, however it is reached. */
export interface ServiceClient {
  /**
   * The answer's JSON.
   * @param path such as `/executors/ml`
   * @throws UnknownTypeError
   * @throws RegistryServiceError
   * @throws KubernetesError when the API server does not pass the question on
   */
  ask(path: `/${string}`, question?: ServiceQuestion): Promise<unknown>;
  close(): void;
}

/** Milliseconds for an answer. */
export const TIMEOUT = 10_000;
/** Most bytes of an answer. */
export const LIMIT = 64 << 20;
