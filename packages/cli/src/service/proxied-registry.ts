import { ExecutorRegistryError, type RegistryOptions } from "@executor-registry/resolver";
import { type ApiPath, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { MAX_ANSWER_BYTES } from "./client.ts";
import { parseServiceName, proxyPath } from "./proxied-client.ts";

/** How long an answer counts: through the proxy no events are heard. */
const TTL = 5000;

/** A resolver's way to the service through the API server's proxy. @throws UsageError */
export function proxiedRegistry(api: KubernetesApi, service: string): RegistryOptions {
  const name = parseServiceName(service);
  const { namespace = api.namespace } = name;
  const base = proxyPath(api, name);
  return {
    url: `http://${name.name}.${namespace}.svc`,
    events: false,
    ttl: TTL,
    async fetch(input, init) {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const path: ApiPath = `${base}${pathname}${search}`;
      const { signal } = init ?? {};
      try {
        return Response.json(await api.request(path, { limit: MAX_ANSWER_BYTES, ...(signal && { signal }) }));
      } catch (error) {
        if (!(error instanceof KubernetesError) || error.status === undefined) throw error;
        const { status, answer, message } = error;
        return Response.json(answer ?? { detail: message, code: codeOf(error) }, { status });
      }
    },
  };
}

const codeOf = (error: unknown): string => (error instanceof ExecutorRegistryError ? error.code : "unreachable");
