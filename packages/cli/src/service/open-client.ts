import { connect } from "@executor-registry/resolver/kubernetes";
import { createServiceClient, type ServiceClient, type ServiceTransport } from "./client.ts";
import { httpTransport } from "./http-client.ts";
import { DEFAULT_SERVICE, parseServiceName, proxiedTransport } from "./proxied-client.ts";
import type { Io } from "../output/io.ts";
import { connectOptions, type Given, text } from "../base/parse-flags.ts";
import { UsageError } from "../base/usage-error.ts";
import { registryOf } from "./registry-of.ts";

/**
 * Asks the service that the flags and the environment mean; without any, the one of the cluster.
 * @throws UsageError, and what `use` throws
 */
export async function withClient<T>(given: Given, io: Io, use: (client: ServiceClient) => Promise<T>): Promise<T> {
  const transport = await openTransport(given, io);
  try {
    return await use(createServiceClient(transport));
  } finally {
    transport.close();
  }
}

async function openTransport(given: Given, io: Io): Promise<ServiceTransport> {
  if (text(given, "layout") !== undefined)
    throw new UsageError("a registry service is asked, so --layout has no meaning");
  const registry = registryOf(given, io);
  if (registry) return httpTransport(registry.url, registry.tokenFile, io.clock);
  const service = text(given, "service");
  const name = service === undefined ? DEFAULT_SERVICE : parseServiceName(service);
  return proxiedTransport(await connect(connectOptions(given)), name);
}
