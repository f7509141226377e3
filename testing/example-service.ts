import { fileURLToPath } from "node:url";
import { parseConfig, type Service, startService } from "@executor-registry/registry";
import { pino } from "pino";

const LAYOUT = fileURLToPath(new URL("../examples/layout", import.meta.url));

/** Starts the registry service on a free loopback port, with the images in examples/layout, and waits for its first scan. */
export async function exampleService(more = "", host = "127.0.0.1"): Promise<Service & AsyncDisposable> {
  const text = `listen: { host: "${host}", port: 0 }
sources: [{ name: examples, kind: oci-layout, path: ${LAYOUT} }]
${more}`;
  const service = await startService({ config: parseConfig(text, "test.yaml"), log: pino({ level: "silent" }) });
  await firstScan(service.url);
  return { ...service, [Symbol.asyncDispose]: () => service.close() };
}

async function firstScan(url: string): Promise<void> {
  while ((await fetch(`${url}/readyz`)).status !== 200);
}
