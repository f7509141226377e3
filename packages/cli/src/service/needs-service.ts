import { ExecutorRegistryError, RegistryServiceError } from "@executor-registry/resolver";
import type { ServiceClient } from "@executor-registry/resolver/internal";
import type { Io } from "../output/io.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withClient } from "./open-client.ts";
import { registryOf } from "./registry-of.ts";
import { layoutOf } from "./session.ts";

/** What wants to decide about the versions of a type. */
interface Wanted {
  readonly command: string;
  readonly type: string;
  /** What it should be, where that is said. */
  readonly version?: string | undefined;
}

/**
 * Asks the service for what only it can do. Without a service, as in development, it refuses with what to do instead.
 * @throws ExecutorRegistryError code `configuration`, and what `use` throws
 */
export async function withService<T>(
  given: Given,
  io: Io,
  wanted: Wanted,
  use: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const named = registryOf(given, io) !== undefined || text(given, "service") !== undefined;
  if (!named && layoutOf(given, io) !== undefined) throw noService(given, wanted);
  try {
    return await withClient(given, io, use);
  } catch (error) {
    if (named || !isMissing(error)) throw error;
    throw noService(given, wanted, error);
  }
}

/** Whether there is no cluster, or no Service of this name in it. */
function isMissing(error: unknown): boolean {
  if (error instanceof RegistryServiceError) return error.code === "unreachable" && error.status === 404;
  return error instanceof ExecutorRegistryError && error.code === "no-cluster";
}

/** In development the declared image is the answer: a ConfigMap takes the place of a pin. */
function noService(given: Given, { command, type, version = "TAG" }: Wanted, cause?: unknown): ExecutorRegistryError {
  const name = text(given, "config-map") ?? "executors";
  const namespace = text(given, "namespace");
  const kubectl = `kubectl ${namespace === undefined ? "" : `-n ${namespace} `}`;
  const image = `executor-${type}${version.includes(":") ? "@" : ":"}${version}`;
  const patch =
    command === "unpin"
      ? `${kubectl}patch configmap ${name} --type json -p '[{"op":"remove","path":"/data/${type}"}]'`
      : `${kubectl}patch configmap ${name} --type merge -p '{"data":{"${type}":"${image}"}}'`;
  const create = `${kubectl}create configmap ${name} --from-literal=${type}=${image}`;
  const instead =
    command === "unpin" ? `remove what declares it: ${patch}` : `declare the image: ${patch} (or ${create})`;
  return new ExecutorRegistryError(
    "configuration",
    `${command} needs the registry service; in development ${instead}. --registry URL names a service`,
    { cause },
  );
}
