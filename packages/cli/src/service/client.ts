import { RegistryServiceError } from "@executor-registry/resolver";
import { NotADocument, type PathParams, type ServiceOperation } from "@executor-registry/resolver/internal";

/** Milliseconds for an answer. */
export const TIMEOUT_MS = 10_000;
export const MAX_ANSWER_BYTES = 64 << 20;

interface Limits {
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole answer. @default 10_000 */
  readonly timeout?: number;
}

/** One HTTP request to the service. */
export interface ServiceRequest extends Limits {
  readonly method: "GET" | "POST";
  /** Such as `/executors/ml`. */
  readonly path: `/${string}`;
  readonly query: Readonly<Record<string, string | number | undefined>>;
}

/** A way to the service. */
export interface ServiceTransport {
  /**
   * The answer's JSON.
   * @throws UnknownTypeError
   * @throws RegistryServiceError
   * @throws KubernetesError when the API server does not pass the request on
   */
  send(request: ServiceRequest): Promise<unknown>;
  close(): void;
}

/** What an operation is asked, besides its path. */
interface Question<Query extends string> extends Limits {
  readonly query?: Partial<Readonly<Record<Query, string | number | undefined>>>;
}

/** Asks the service's operations over any transport. */
export interface ServiceClient {
  /** @throws RegistryServiceError for what is not the documented answer, and what {@link ServiceTransport.send} throws */
  ask<Path extends `/${string}`, Query extends string, Answer>(
    operation: ServiceOperation<Path, Query, Answer>,
    params: PathParams<Path>,
    question?: Question<Query>,
  ): Promise<Answer>;
}

export function createServiceClient(transport: ServiceTransport): ServiceClient {
  return {
    async ask({ method, path, parse }, params, { query = {}, ...limits } = {}) {
      const values = params as Readonly<Record<string, string>>;
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
      const json = await transport.send({ method, path: filled as `/${string}`, query, ...limits });
      try {
        return parse(json, params);
      } catch (cause) {
        if (!(cause instanceof NotADocument)) throw cause;
        throw new RegistryServiceError("unreachable", `${filled}: the answer is not the service's: ${cause.message}`, {
          cause,
        });
      }
    },
  };
}
