import type { AddressInfo } from "node:net";
import { type Clock, ExecutorRegistryError, VERSION } from "@executor-registry/resolver";
import { isLoopback } from "@executor-registry/resolver/internal";
import type { Logger } from "pino";
import type { Access } from "../auth/access.ts";
import type { Choices } from "../choice/choices.ts";
import type { Config } from "../config/schema.ts";
import { refuseOtherNames, type RefuseName } from "../http/asked-names.ts";
import { createDocuments } from "../http/documents.ts";
import { createEventStream } from "../http/events.ts";
import type { Freshness } from "../http/freshness.ts";
import { createHealth } from "../http/health.ts";
import type { Metrics } from "../http/metrics.ts";
import { MinuteLimit } from "../http/minute-limit.ts";
import { OPERATIONS } from "../http/operations.ts";
import { createReadPath, createRequestIds } from "../http/read-path.ts";
import { createHttpServer } from "../http/server.ts";
import type { Selection } from "../selection/selection.ts";
import type { Tracer } from "../tracing/tracer.ts";
import type { InForce } from "./in-force.ts";
import type { Leadership } from "./leadership.ts";

/** The HTTP server: it outlives configurations. */
export interface ServiceServer {
  /** @returns its URL. @throws Node's error when nothing can listen there */
  listen(): Promise<string>;
  /** Goes on with the access of another configuration: streams of those who may not listen any more end. */
  renew(access: Access, signal: AbortSignal): Promise<void>;
  /** Says that it is not ready any more, while it still answers. */
  drain(): void;
  close(): Promise<void>;
}

/** What it answers from. */
export interface ServiceServerOptions {
  readonly choices: Choices;
  readonly selection: Selection;
  readonly inForce: InForce;
  readonly leadership: Pick<Leadership, "replica" | "leading" | "leader">;
  /** How old answers are, where several services share a store. */
  readonly freshness: Freshness | undefined;
  readonly metrics: Metrics;
  /** Whether the configuration file was refused when it was last read. */
  readonly refused: () => boolean;
  readonly tracer: Tracer;
  /** Whether the catalogue held something when it was opened. */
  readonly restored: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the server; where it listens, and its limits, stay those of the configuration that is in force now. */
export async function createServiceServer({
  choices,
  selection,
  inForce,
  leadership,
  freshness,
  metrics,
  refused,
  tracer,
  restored,
  clock,
  log,
}: ServiceServerOptions): Promise<ServiceServer> {
  const { listen, limits } = inForce.config;
  const { catalogue, snapshot } = choices;
  const parts = (): InForce["parts"] => inForce.parts;
  const reads = { ok: 0, notModified: 0 };
  const nextId = createRequestIds();
  let readPath = createReadPath(snapshot, parts().access, reads, nextId, freshness);
  let draining = false;
  const events = createEventStream(
    snapshot,
    catalogue,
    { all: limits.eventStreams, perAddress: limits.eventStreamsPerAddress },
    clock,
    freshness,
  );
  const serviceHealth = createHealth({
    catalogue,
    snapshot,
    inForce: parts,
    leadership,
    freshness,
    version: VERSION,
    draining: () => draining,
    restored,
  });
  metrics.readFrom({
    choices,
    inForce: parts,
    configured: () => inForce.config.sources,
    refused,
    leadership,
    freshness,
    reads,
    events,
    ready: () => serviceHealth.ready().status === "ok",
  });
  const fastify = await createHttpServer({
    operations: OPERATIONS,
    api: {
      choices,
      selection,
      inForce: parts,
      serviceHealth,
      events,
      metrics,
      documents: createDocuments(OPERATIONS, VERSION),
      log,
    },
    readPath: (request, response) => readPath(request, response),
    nextId,
    freshness,
    pino: log,
    tracer,
    limits: {
      writes: new MinuteLimit(limits.writesPerMinute, clock),
      refusedEvents: new MinuteLimit(limits.refusedEventsPerMinute, clock),
    },
    clock,
    draining: () => draining,
    trustProxy: listen.trustProxy,
    refuseName: refuseNameOf(listen),
  });
  return {
    async listen() {
      await fastify.listen({ host: listen.host, port: listen.port });
      const { port } = fastify.server.address() as AddressInfo;
      const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host;
      return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    },
    async renew(access, signal) {
      readPath = createReadPath(snapshot, access, reads, nextId, freshness);
      await events.review((authorization) => mayListen(access, authorization, signal));
    },
    drain() {
      draining = true;
    },
    async close() {
      events.close();
      await fastify.close();
    },
  };
}

/** Of a service that only its own machine reaches, other names are no mistake but an attack, unless a proxy there passes them on. */
function refuseNameOf({ host, trustProxy, hosts }: Config["listen"]): RefuseName | undefined {
  const ownMachine = isLoopback(host) && trustProxy === false;
  return hosts === undefined && !ownMachine ? undefined : refuseOtherNames(hosts ?? []);
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
