import { VERSION } from "@executor-registry/resolver";
import { connectService, createServiceClient, type ServiceClient } from "@executor-registry/resolver/internal";
import { connect } from "@executor-registry/resolver/kubernetes";
import { DEFAULT_SERVICE, parseServiceName, proxiedService } from "./proxied-service.ts";
import type { Io } from "../output/io.ts";
import { connectOptions, type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";
import { registryOf } from "./registry-of.ts";

/**
 * Asks the service that the flags and the environment mean; without any, the one of the cluster.
 * @throws UsageError, and what `use` throws
 */
export async function withClient<T>(given: Given, io: Io, use: (client: ServiceClient) => Promise<T>): Promise<T> {
  if (text(given, "layout") !== undefined)
    throw new UsageError("a registry service is asked, so --layout has no meaning");
  const registry = registryOf(given, io);
  const service = text(given, "service");
  const name = service === undefined ? DEFAULT_SERVICE : parseServiceName(service);
  if (registry) {
    const client = connectService({ ...registry, userAgent: `executor-registry-cli/${VERSION}`, clock: io.clock });
    return use(client).finally(client.close);
  }
  const api = await connect(connectOptions(given));
  return use(createServiceClient(proxiedService(api, name, io.clock))).finally(() => api.close());
}
