import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { loadConfig, startService } from "@executor-registry/registry";
import { pino } from "pino";
import { freePort } from "./free-port.ts";

/** Milliseconds that the hints below wait for the first scan. Without it they are right too, and the log says what is wrong. */
const READY_MS = 30_000;

// Serves the example images, and says what to try. `executor-registry-server serve` is what runs elsewhere.
const file = process.argv[2] ?? "examples/registry.yaml";
const { config } = await loadConfig(file);
const { host } = config.listen;
const port = await freePort(host, config.listen.port);
const ending = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);

const service = await startService({
  config: { ...config, listen: { ...config.listen, port } },
  log: pino({ level: config.log.level, base: null }),
});
const { url } = service;
const late = performance.now() + READY_MS;
while ((await fetch(`${url}/readyz`)).status !== 200 && performance.now() < late) await setTimeout(20);

if (port !== config.listen.port)
  console.log(`Something listens on port ${config.listen.port} already; this is ${port}.`);
console.log(`The registry service answers at ${url}, as ${file} says. Its documentation is at ${url}/docs

Try, in another terminal:
  curl -s ${url}/executors/ml
      the image that ml means right now
  curl -s ${url}/executors
      every type's
  curl -s ${url}/executors/ml/versions
      all its images, and what the checks say of them
  curl -s '${url}/journal?limit=3'
      what changed last, and why
  curl -s -X POST '${url}/executors/refresh?wait=true'
      look for new images now
  curl -sN ${url}/events
      each change, as it happens
  npm run -s cli -- versions ml --registry ${url}
      the same questions from the command line; see npm run -s cli -- help
  npm run -s cli -- list --layout examples/layout
      without the service
  npm run -s cli -- list
      the executors of your Kubernetes cluster

Ctrl-C ends it.`);
await ending;
await service.close();
