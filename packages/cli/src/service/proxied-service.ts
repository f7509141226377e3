import {
  type Clock,
  type RegistryOptions,
  RegistryServiceError,
  type RegistryServiceErrorCode,
} from "@executor-registry/resolver";
import { ask, type Asking, LIST_BYTES, noAnswer, type Service } from "@executor-registry/resolver/internal";
import { type ApiPath, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { UsageError } from "../base/usage-error.ts";

/** Milliseconds for which a resolver's answer counts: no events come through the proxy. */
const TTL_MS = 5000;

/** A Kubernetes Service. */
export interface ServiceName {
  /** @default the context's */
  readonly namespace?: string;
  readonly name: string;
  /** Number or name. */
  readonly port: string;
}

/** The registry service's own, as the chart calls it. */
export const DEFAULT_SERVICE: ServiceName = { name: "executor-registry", port: "80" };

/** `NAMESPACE/NAME[:PORT]` or `NAME[:PORT]`. @throws UsageError */
export function parseServiceName(text: string): ServiceName {
  const [, namespace, name = "", port = "80"] = /^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)(?::([a-z0-9-]+))?$/.exec(text) ?? [];
  if (name === "") throw new UsageError(`--service ${text} is not of the form NAMESPACE/NAME[:PORT]`);
  return { name, port, ...(namespace !== undefined && { namespace }) };
}

/** A request by the API server's proxy, and its answer. @throws KubernetesError for what is no answer of the service's */
type Send = (url: URL, options: Parameters<KubernetesApi["request"]>[1]) => Promise<Response>;

/**
 * The way through the API server's proxy, with the kubeconfig's credentials alone: needs `get` of `services/proxy`, `create`,
 * `update` and `delete` of it to change something, and no way into the cluster's network.
 * @see https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
 */
function wayTo(api: KubernetesApi, { namespace = api.namespace, name, port }: ServiceName) {
  const base: ApiPath = `/api/v1/namespaces/${namespace}/services/http:${name}:${port}/proxy`;
  const send: Send = async ({ pathname, search }, options) => {
    let etag: string | undefined;
    const answered = (headers: Readonly<Record<string, string | string[] | undefined>>): void => {
      etag = headers["etag"]?.toString();
    };
    try {
      const json = await api.request(`${base}${pathname}${search}`, { ...options, limit: LIST_BYTES, answered });
      return Response.json(json, etag === undefined ? {} : { headers: { etag } });
    } catch (error) {
      const { status, answer } = error instanceof KubernetesError ? error : {};
      // What requires a token is explained: there is no way to send one.
      if (status === undefined || status === 401 || !answer) throw error;
      return Response.json(answer, { status });
    }
  };
  return { url: new URL(`http://${name}.${namespace}.svc/`), place: `service ${namespace}/${name}`, send };
}

/** Asks the service through the proxy. The time limit leaves out what a person needs to log in to the cluster. */
export function proxiedService(api: KubernetesApi, service: ServiceName, clock: Clock): Pick<Service, "ask"> {
  const { url, place, send } = wayTo(api, service);
  return {
    async ask(question, signal) {
      const { timeout } = question;
      const asking: Asking = {
        fetch: (at, { method, headers, body, signal }) => {
          const sent = body === undefined ? {} : { body: JSON.parse(body) as unknown };
          return send(at, { method, signal, timeout, headers: conditionsIn(headers), ...sent });
        },
        token: () => Promise.resolve(undefined),
        userAgent: "",
      };
      try {
        return await ask(url, question, { ...asking, clock }, signal);
      } catch (error) {
        if (error instanceof KubernetesError) throw explained(error, place);
        throw error instanceof RegistryServiceError ? noAnswer([{ url, error }]) : error;
      }
    },
  };
}

const CONDITIONS: ReadonlySet<string> = new Set(["if-match", "idempotency-key"]);

/** The API server's own client sets the others. */
function conditionsIn(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => CONDITIONS.has(name)));
}

/** A resolver's way to the service through the proxy. */
export function proxiedRegistry(api: KubernetesApi, service: ServiceName): RegistryOptions {
  const { url, place, send } = wayTo(api, service);
  return {
    url: url.href,
    events: false,
    ttl: TTL_MS,
    async fetch(input, { signal } = {}) {
      try {
        return await send(new URL(input instanceof Request ? input.url : input), { ...(signal && { signal }) });
      } catch (error) {
        throw error instanceof KubernetesError ? ofService(explained(error, place)) : error;
      }
    },
  };
}

const SHARED: readonly RegistryServiceErrorCode[] = ["forbidden", "unauthorized", "throttled", "timeout", "too-large"];

/** A resolver waits and tries again by what is said of the service. */
function ofService(error: KubernetesError | RegistryServiceError): RegistryServiceError {
  if (error instanceof RegistryServiceError) return error;
  const { message, status, retryAfter } = error;
  return new RegistryServiceError(SHARED.find((code) => code === error.code) ?? "unreachable", message, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

function explained(error: KubernetesError, place: string): KubernetesError | RegistryServiceError {
  const { status, answer, message } = error;
  if (answer === undefined) {
    if (status !== 404 && status !== 503) return error;
    const why = status === 404 ? "the cluster has no Service of this name" : message.slice(message.indexOf(": ") + 2);
    const facts = { status, cause: error };
    return new RegistryServiceError("unreachable", `${place} of the cluster cannot be asked: ${why}`, facts);
  }
  return new RegistryServiceError(
    "unauthorized",
    `${place} requires a token, and the API server's proxy does not pass one on. Forward a port and use that: ` +
      `kubectl port-forward ${place.replace("service ", "-n ").replace("/", " service/")} 8080:80, ` +
      "then --registry http://127.0.0.1:8080 --token-file FILE",
    { ...(status !== undefined && { status }) },
  );
}
