import { RegistryServiceError } from "@executor-registry/resolver";
import { type ApiPath, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { MAX_ANSWER_BYTES, type ServiceTransport, TIMEOUT_MS } from "./client.ts";
import { UsageError } from "../base/usage-error.ts";
import { refusal } from "./refusal.ts";

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

/** Where the API server passes questions on to a service. */
export function proxyPath(api: KubernetesApi, { namespace = api.namespace, name, port }: ServiceName): ApiPath {
  return `/api/v1/namespaces/${namespace}/services/http:${name}:${port}/proxy`;
}

/**
 * The service through the API server's proxy, with the kubeconfig's credentials alone: needs `get` and `create` of
 * `services/proxy`, and no way into the cluster's network.
 * @see https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
 */
export function proxiedTransport(api: KubernetesApi, service: ServiceName): ServiceTransport {
  const place = `service ${service.namespace ?? api.namespace}/${service.name}`;
  const base = proxyPath(api, service);
  return {
    async send({ method, path, query, signal, timeout = TIMEOUT_MS }) {
      const options = { method, query, timeout, limit: MAX_ANSWER_BYTES, ...(signal && { signal }) };
      try {
        return await api.request(`${base}${path}`, options);
      } catch (error) {
        throw error instanceof KubernetesError ? explained(error, path, place) : error;
      }
    },
    close: () => api.close(),
  };
}

function explained(error: KubernetesError, path: string, place: string): Error {
  const { status, answer } = error;
  if (status === undefined) return error;
  if (answer === undefined) {
    if (status !== 404 && status !== 503) return error;
    const why =
      status === 404 ? "the cluster has no Service of this name" : error.message.slice(error.message.indexOf(": ") + 2);
    return new RegistryServiceError("unreachable", `${place} of the cluster cannot be asked: ${why}`, {
      status,
      cause: error,
    });
  }
  if (status !== 401) return refusal(path, status, answer);
  return new RegistryServiceError(
    "unauthorized",
    `${place} wants a token, and the API server's proxy passes none on. Forward a port and use that: ` +
      `kubectl port-forward ${place.replace("service ", "-n ").replace("/", " service/")} 8080:80, ` +
      "then --registry http://127.0.0.1:8080 --token-file FILE",
    { status },
  );
}
