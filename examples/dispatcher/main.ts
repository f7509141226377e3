import { once } from "node:events";
import { createDispatcher } from "@executor-registry/dispatcher";
import { createResolver, systemClock } from "@executor-registry/resolver";
import { createHttpServer } from "./server.ts";

/** Milliseconds that callers get to read to the end; less than the 30 s after which Kubernetes kills a pod. */
const GRACE = 20_000;

const resolver = createResolver({ logger: console });
const dispatcher = createDispatcher({ resolver, logger: console });
const server = createHttpServer({ resolver, dispatcher }).listen(Number(process.env["PORT"] ?? 8080));

await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
server.close();
await Promise.race([once(server, "close"), systemClock.sleep(GRACE)]);
await dispatcher.close();
await resolver.close();
// Jobs go on; whoever still follows one asks again, with the same id.
process.exit();
