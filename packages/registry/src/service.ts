import { systemClock, VERSION, type Clock, type Random } from "@executor-registry/resolver";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { Catalogue } from "./catalogue/catalogue.ts";
import type { Config } from "./config/schema.ts";
import { createEventStream } from "./http/events.ts";
import { FailureLimit } from "./http/failure-limit.ts";
import { createMetrics } from "./http/metrics.ts";
import { createReadPath } from "./http/read-path.ts";
import { apiRoutes } from "./http/routes.ts";
import { createHttpServer } from "./http/server.ts";
import { makeParts, type Parts } from "./parts.ts";
import { rankOf } from "./scan/scanner.ts";
import type { SourceHealth } from "./sources/source-health.ts";
import { openStore } from "./stores/open.ts";

/** What a service is started with. */
export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

/** A running service. */
export interface Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Goes on with another configuration: other sources, checks, tokens, webhooks. Where it listens and what it stores in are
   * fixed until the next start.
   * @returns what of the new configuration waits for a restart
   */
  reconfigure(config: Config): Promise<readonly string[]>;
  /** Says that it is not ready any more, while it still answers. */
  drain(): void;
  /** Ends everything: waits for what is being written, and writes a snapshot. */
  close(): Promise<void>;
}

/**
 * Starts the service: loads the catalogue, listens, begins to scan.
 * @throws StoreError, BrokenJournalError, ConfigurationError
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { log, clock = systemClock, random = Math.random } = options;
  let { config } = options;
  const store = await openStore(config.store, clock);
  let parts: Parts;
  const catalogue = await Catalogue.open({
    store,
    rank: (claim) => rankOf(parts.sources)(claim),
    order: (source) => config.sources.findIndex(({ name }) => name === source),
    clock,
    log,
  });
  const restored = catalogue.head.sequence > 0;
  parts = await makeParts(config, { catalogue, clock, random, log });

  // Routes outlive a configuration: they ask for the parts of the one that is in force.
  const health = (): readonly SourceHealth[] => parts.health();
  const scanner = {
    refresh: ((...args) => parts.scanner.refresh(...args)) as Parts["scanner"]["refresh"],
    refreshType: ((...args) => parts.scanner.refreshType(...args)) as Parts["scanner"]["refreshType"],
    hint: ((...args) => parts.scanner.hint(...args)) as Parts["scanner"]["hint"],
  };
  const access: Parts["access"] = {
    get openReads() {
      return parts.access.openReads;
    },
    remembered: (authorization) => parts.access.remembered(authorization),
    check: (authorization, role, signal) => parts.access.check(authorization, role, signal),
  };
  const reads = { ok: 0, notModified: 0 };
  let readPath = createReadPath(catalogue.snapshot, parts.access, reads);
  const events = createEventStream(catalogue.snapshot, clock);
  const metrics = createMetrics({ catalogue, health, queues: () => parts.queues, reads, events });
  let draining = false;
  const routes = apiRoutes({ catalogue, scanner, health, version: VERSION, draining: () => draining, restored, log });
  const fastify = await createHttpServer({
    routes,
    access,
    events,
    readPath: (request, response) => readPath(request, response),
    version: VERSION,
    pino: log,
    log,
    writesPerMinute: config.limits.writesPerMinute,
    refusals: new FailureLimit(config.limits.refusedEventsPerMinute, clock),
    trustProxy: config.listen.trustProxy,
    webhooks: () => parts.webhooks,
    scanner,
    metrics,
  });
  const end = async (): Promise<void> => {
    events.close();
    await fastify.close();
    await parts.close();
    await catalogue.close();
  };
  try {
    await fastify.listen({ host: config.listen.host, port: config.listen.port });
  } catch (error) {
    await end();
    throw error;
  }
  const { port } = fastify.server.address() as AddressInfo;
  const host = config.listen.host === "0.0.0.0" ? "127.0.0.1" : config.listen.host;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  log.info({ url, store: store.description, executors: catalogue.snapshot.size }, "listening");
  await parts.start();

  return {
    url,
    async reconfigure(next) {
      const made = await makeParts(next, { catalogue, clock, random, log });
      const before = parts;
      const fixed = (["listen", "store", "limits", "log"] as const).filter(
        (name) => JSON.stringify(next[name]) !== JSON.stringify(config[name]),
      );
      parts = made;
      config = next;
      readPath = createReadPath(catalogue.snapshot, made.access, reads);
      await before.close();
      await made.start();
      return fixed;
    },
    drain() {
      draining = true;
    },
    async close() {
      draining = true;
      await end();
    },
  };
}
