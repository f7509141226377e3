import { ExecutorRegistryError, systemClock, VERSION, type Clock, type Random } from "@executor-registry/resolver";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Access } from "../auth/access.ts";
import { Catalogue } from "../catalogue/catalogue.ts";
import type { Config } from "../config/schema.ts";
import type { Api } from "../http/api.ts";
import { createDocuments } from "../http/documents.ts";
import { createEventStream } from "../http/events.ts";
import { createHealth } from "../http/health.ts";
import { MinuteLimit } from "../http/minute-limit.ts";
import { createMetrics } from "../http/metrics.ts";
import { OPERATIONS } from "../http/operations.ts";
import { createReadPath, createRequestIds } from "../http/read-path.ts";
import { createHttpServer } from "../http/server.ts";
import { BrokenJournalError } from "../journal/errors.ts";
import { serial } from "../journal/journal.ts";
import { keepRunning } from "./keep-running.ts";
import { Lifetimes } from "./lifetimes.ts";
import { makeParts, type Parts, PARTS_END_MS } from "./parts.ts";
import { rankOf } from "../scan/scanner.ts";
import type { SourceHealth } from "../sources/image-source.ts";
import { openStore } from "../stores/open.ts";

/** What a service is started with. */
export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  /** Reads what webhooks' senders are proven by. @default through the environment's proxies */
  readonly fetch?: typeof globalThis.fetch;
  /** Gives a start up. A running service is ended by `close()`. */
  readonly signal?: AbortSignal;
}

/** A running service. */
export interface Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Goes on with another configuration: other sources, checks, tokens, webhooks. Where it listens and what it stores in are
   * fixed until the next start. Whole or not at all: when it rejects, the one before is in force and runs on.
   * @returns what of the configuration waits for a restart
   * @throws ConfigurationError for what cannot be made, StoreError when it cannot be applied to the catalogue
   */
  reconfigure(config: Config): Promise<readonly string[]>;
  /** Says that it is not ready any more, while it still answers. */
  drain(): void;
  /** Ends everything: waits for what is being written, and writes a snapshot. Never rejects; what hangs is left behind, and logged. */
  close(): Promise<void>;
}

/** Settings that are fixed until the next start. */
const FIXED = ["listen", "store", "limits", "log"] as const;
/** Milliseconds that a swap waits for the new configuration to be applied; what is left is done while it is in force. */
const ADOPT_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * The one owner of start, swap and end.
 *
 * Start: store, catalogue, parts of the configuration, listening, applying the configuration to the catalogue, tasks. When one
 * fails, all that has begun is ended, and the error thrown.
 *
 * Swap: the new parts are made and applied to the catalogue while the old ones run on; that may fail, and leaves the old ones in
 * force. Then the new ones are put in force, which cannot fail, the old ones are ended and the new tasks begin.
 *
 * End: the reverse of the start, each step within its time.
 *
 * Tasks end with the parts that they belong to; one that fails is logged and tried again.
 * @throws StoreError, BrokenJournalError, ConfigurationError
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const lifetimes = new Lifetimes(options.clock ?? systemClock, options.log);
  try {
    return await begin(options, lifetimes);
  } catch (error) {
    await lifetimes.end();
    throw error;
  }
}

/** Damage is known, and reported, before what is damaged is needed. */
async function verifyDaily(catalogue: Catalogue, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await catalogue.verify(signal).catch((error: unknown) => {
      if (!(error instanceof BrokenJournalError)) throw error;
    });
    await clock.sleep(DAY_MS, signal);
  }
}

/** That a token cannot be judged now does not mean that it was taken away. */
async function mayListen(access: Access, authorization: string | undefined, signal: AbortSignal): Promise<boolean> {
  try {
    await access.check(authorization, "reader", signal);
    return true;
  } catch (error) {
    return !(error instanceof ExecutorRegistryError && (error.code === "unauthorized" || error.code === "forbidden"));
  }
}

async function begin(options: ServiceOptions, lifetimes: Lifetimes): Promise<Service> {
  const { log, clock = systemClock, random = Math.random, signal } = options;
  const started = options.config;
  let { config } = options;
  const store = await openStore(config.store, clock);
  lifetimes.add({ what: "the store", end: () => store.close(), ms: 500 });
  let parts: Parts;
  const catalogue = await Catalogue.open({
    store,
    rank: (claim) => rankOf(parts.sources)(claim),
    order: (source) => config.sources.findIndex(({ name }) => name === source),
    clock,
    log,
  });
  for (const { message, missing } of store.findings) {
    const fields = { store: store.description, ...(missing === undefined ? {} : { missing }) };
    if (missing === undefined) log.warn(fields, message);
    else log.error(fields, message);
  }
  lifetimes.add({ what: "the catalogue", end: () => catalogue.close(), ms: 4000 });
  signal?.throwIfAborted();
  const restored = catalogue.head.sequence > 0;
  const surroundings = { catalogue, clock, random, log, ...(options.fetch && { fetch: options.fetch }) };
  parts = await makeParts(config, surroundings);
  // Each task has its own time within this one.
  lifetimes.add({ what: "the configuration", end: () => parts.close(), ms: PARTS_END_MS + 100 });
  signal?.throwIfAborted();

  // Routes outlive a configuration: they ask for the parts of the one that is in force.
  const health = (): readonly SourceHealth[] => parts.health();
  const queues = (): Parts["queues"] => parts.queues;
  const scanner = {
    refresh: ((...args) => parts.scanner.refresh(...args)) as Parts["scanner"]["refresh"],
    refreshType: ((...args) => parts.scanner.refreshType(...args)) as Parts["scanner"]["refreshType"],
    hint: ((...args) => parts.scanner.hint(...args)) as Parts["scanner"]["hint"],
  };
  const access: Parts["access"] = {
    get openReads() {
      return parts.access.openReads;
    },
    get openHealth() {
      return parts.access.openHealth;
    },
    get openMetrics() {
      return parts.access.openMetrics;
    },
    remembered: (authorization) => parts.access.remembered(authorization),
    check: (...args) => parts.access.check(...args),
  };
  const reads = { ok: 0, notModified: 0 };
  const nextId = createRequestIds();
  let readPath = createReadPath(catalogue.snapshot, parts.access, reads, nextId);
  const events = createEventStream(catalogue.snapshot, clock);
  const metrics = createMetrics({ catalogue, health, queues, reads, events });
  let draining = false;
  const api: Api = {
    catalogue,
    scanner,
    health,
    typesOf: (path, tag) => parts.typesOf(path, tag),
    serviceHealth: createHealth({ catalogue, health, queues, version: VERSION, draining: () => draining, restored }),
    events,
    metrics,
    webhooks: () => parts.webhooks,
    documents: createDocuments(OPERATIONS, VERSION),
    log,
  };
  const fastify = await createHttpServer({
    operations: OPERATIONS,
    api,
    access,
    readPath: (request, response) => readPath(request, response),
    nextId,
    pino: log,
    limits: {
      writes: new MinuteLimit(config.limits.writesPerMinute, clock),
      refusedEvents: new MinuteLimit(config.limits.refusedEventsPerMinute, clock),
    },
    trustProxy: config.listen.trustProxy,
  });
  const endHttp = async (): Promise<void> => {
    events.close();
    await fastify.close();
  };
  lifetimes.add({ what: "the HTTP server", end: endHttp, ms: 500 });
  await fastify.listen({ host: config.listen.host, port: config.listen.port });
  const { port } = fastify.server.address() as AddressInfo;
  const host = config.listen.host === "0.0.0.0" ? "127.0.0.1" : config.listen.host;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const { sequence } = catalogue.head;
  log.info({ url, store: store.description, executors: catalogue.snapshot.size, journal: sequence }, "listening");
  await parts.adopt();
  signal?.throwIfAborted();
  parts.start();

  const inTurn = serial();
  const ending = new AbortController();
  void keepRunning("verifying the journal", () => verifyDaily(catalogue, clock, ending.signal), {
    clock,
    random,
    log,
    signal: ending.signal,
  });

  /** Applies parts that are not in force yet, or stops waiting. */
  const adopt = async (made: Parts): Promise<void> => {
    ending.signal.throwIfAborted();
    const done = new AbortController();
    const enough = clock.sleep(ADOPT_MS, AbortSignal.any([done.signal, ending.signal])).catch(() => {});
    await Promise.race([made.adopt(), enough]);
    done.abort();
    ending.signal.throwIfAborted();
  };
  const swap = async (next: Config): Promise<readonly string[]> => {
    ending.signal.throwIfAborted();
    const made = await makeParts(next, surroundings);
    const { sequence } = catalogue.head;
    try {
      await adopt(made);
    } catch (error) {
      await made.close();
      // Some of it may be written.
      if (catalogue.head.sequence !== sequence && !ending.signal.aborted) parts.again();
      throw error;
    }
    const before = parts;
    parts = made;
    config = next;
    readPath = createReadPath(catalogue.snapshot, made.access, reads, nextId);
    await events.review((authorization) => mayListen(made.access, authorization, ending.signal));
    await before.close();
    if (!ending.signal.aborted) made.start();
    return FIXED.filter((name) => !isDeepStrictEqual(next[name], started[name]));
  };

  return {
    url,
    reconfigure: (next) => inTurn(() => swap(next)),
    drain() {
      draining = true;
    },
    async close() {
      draining = true;
      ending.abort(new ExecutorRegistryError("closed", "the service ends"));
      await lifetimes.end();
    },
  };
}
