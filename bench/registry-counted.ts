import { type DockerRegistry, startDockerRegistry } from "../testing/docker-registry.ts";
import { freePort } from "../scripts/free-port.ts";

/** A real registry that counts the requests that arrive at it. */
export interface CountedRegistry extends DockerRegistry {
  /** Requests so far, of all senders. */
  arrived(): Promise<number>;
}

/** Counted by the registry itself, for Prometheus, so that counting needs no proxy. */
export async function startCountedRegistry(): Promise<CountedRegistry> {
  const metrics = `127.0.0.1:${await freePort()}`;
  // The registry takes these over its configuration file.
  process.env["REGISTRY_HTTP_DEBUG_ADDR"] = metrics;
  process.env["REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED"] = "true";
  const registry = await startDockerRegistry();
  return {
    ...registry,
    async arrived() {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      const counts = [...text.matchAll(/^registry_http_requests_total\{.*\} (\S+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    },
  };
}
