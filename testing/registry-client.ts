import { createRegistryClient, type RegistryClientOptions } from "@executor-registry/registry/internal";
import { createHostPacer } from "@executor-registry/registry/internal";
import type { RegistryClient } from "@executor-registry/registry/internal";

/** A client over plain HTTP that waits for nothing: no pace, and no time between tries. */
export function testClient(
  host: string,
  options: Partial<RegistryClientOptions> = {},
): RegistryClient & AsyncDisposable {
  const random = (): number => 0;
  const pacer = createHostPacer(host, { concurrency: Infinity, rate: Infinity, random });
  const client = createRegistryClient({ host, insecure: true, pacer, random, ...options });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** Everything of a paged list. */
export async function collect<T>(list: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of list) for (const one of page) all.push(one);
  return all;
}
