import { connect } from "@executor-registry/resolver/kubernetes";
import type { Io } from "../output/io.ts";
import { connectOptions, type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";
import type { ServiceClient } from "./client.ts";
import { httpClient } from "./http-client.ts";
import { DEFAULT_SERVICE, parseServiceName, proxiedClient } from "./proxied-client.ts";
import { registryOf } from "./registry-of.ts";

/**
 * Asks the service that the flags and the environment mean; without any, the one of the cluster.
 * @throws UsageError, and what `use` throws
 */
export async function withClient<T>(given: Given, io: Io, use: (client: ServiceClient) => Promise<T>): Promise<T> {
  const client = await openClient(given, io);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function openClient(given: Given, io: Io): Promise<ServiceClient> {
  if (text(given, "layout") !== undefined)
    throw new UsageError("a registry service is asked, so --layout has no meaning");
  const registry = registryOf(given, io);
  if (registry) return httpClient(registry.url, registry.tokenFile, io.clock);
  const service = text(given, "service");
  const name = service === undefined ? DEFAULT_SERVICE : parseServiceName(service);
  return proxiedClient(await connect(connectOptions(given)), name);
}
