import { once } from "node:events";
import { createDispatcher } from "@executor-registry/dispatcher";
import { createResolver, systemClock } from "@executor-registry/resolver";
import type { Logger } from "@executor-registry/resolver";
import { createHttpServer } from "./server.ts";

/** Milliseconds that callers get to read to the end; less than the 30 s after which Kubernetes kills a pod. */
const GRACE = 20_000;

const log =
  (level: string) =>
  (fields: object, message: string): void =>
    console.log(JSON.stringify({ level, message, ...fields }));
const logger: Logger = { debug() {}, info: log("info"), warn: log("warn"), error: log("error") };

const resolver = createResolver({ logger });
const dispatcher = createDispatcher({ resolver, logger });
const server = createHttpServer({ resolver, dispatcher }).listen(Number(process.env["PORT"] ?? 8080));

await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
server.close();
await Promise.race([once(server, "close"), systemClock.sleep(GRACE)]);
await dispatcher.close();
await resolver.close();
// Jobs go on; a caller that still follows one asks again, with the same id.
process.exit();
