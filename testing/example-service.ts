import { fileURLToPath } from "node:url";
import { parseConfig, type Service, startService } from "@executor-registry/registry";
import { pino } from "pino";
import { untilDiscovered } from "./until-discovered.ts";

const LAYOUT = fileURLToPath(new URL("../examples/layout", import.meta.url));

/** The service, and how to give it another configuration's text. */
interface ExampleService extends Service, AsyncDisposable {
  configure(text: string): Promise<void>;
}

/**
 * Starts the registry service on a free loopback port, with the images in examples/layout, and waits for its first scan, and for what the images can do.
 * @param more settings @param layout another folder of images
 */
export async function exampleService(more = "", host = "127.0.0.1", layout = LAYOUT): Promise<ExampleService> {
  const text = `listen: { host: "${host}", port: 0 }
sources: [{ name: examples, kind: oci-layout, path: ${layout} }]
${more}`;
  const service = await startService({ config: parseConfig(text, "test.yaml"), log: pino({ level: "silent" }) });
  await firstScan(service.url);
  await untilDiscovered(service.url);
  return {
    ...service,
    configure: async (text) => void (await service.reconfigure(parseConfig(text, "test.yaml"))),
    [Symbol.asyncDispose]: () => service.close(),
  };
}

async function firstScan(url: string): Promise<void> {
  while ((await fetch(`${url}/readyz`)).status !== 200);
}
