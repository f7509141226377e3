import { ExecutorRegistryError, systemClock, type Clock, type Random } from "@executor-registry/resolver";
import { whenAborted } from "@executor-registry/resolver/internal";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { Catalogue } from "../catalogue/catalogue.ts";
import { Choices } from "../choice/choices.ts";
import type { RulesOf } from "../choice/rules.ts";
import type { Variables } from "../config/read-secrets.ts";
import type { Config } from "../config/schema.ts";
import { configWarnings } from "../config/warnings.ts";
import { createFreshness } from "../http/freshness.ts";
import { createMetrics } from "../http/metrics.ts";
import { BrokenJournalError } from "../journal/errors.ts";
import { followOthers } from "../journal/others.ts";
import { rankOf } from "../scan/scanner.ts";
import { endWhatIsOver } from "../selection/expiry.ts";
import { policyEffects } from "../selection/policy-effects.ts";
import { Selection } from "../selection/selection.ts";
import { ServedVersions } from "../selection/served.ts";
import { openStore } from "../stores/open.ts";
import { putInForce } from "./in-force.ts";
import { keepRunning } from "./keep-running.ts";
import { leaderNote } from "./leader-health.ts";
import { Leadership } from "./leadership.ts";
import { Lifetimes } from "./lifetimes.ts";
import { PARTS_END_MS } from "./parts.ts";
import { rulesUnder } from "./rules-under.ts";
import { createServiceServer } from "./service-server.ts";
import type { TracerContext } from "../tracing/open-telemetry.ts";
import { type Tracer, UNTRACED } from "../tracing/tracer.ts";

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
  /** The environment: where a kubeconfig may be named. @default process.env */
  readonly variables?: Variables;
  /** Ends a start that has not finished. A running service is ended by `close()`. */
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
  /** Has metrics say whether what would be the next configuration is refused. */
  refuse(refused: boolean): void;
  /** Says that it is not ready any more, while it still answers. */
  drain(): void;
  /** Ends everything: waits for what is being written, and writes a snapshot. Never rejects; what hangs is left behind, and logged. */
  close(): Promise<void>;
}

/** Settings that are fixed until the next start. */
const FIXED = ["listen", "store", "limits", "tracing", "log"] as const;
const DAY_MS = 86_400_000;

/**
 * The one owner of start, swap and end.
 *
 * Start: store, catalogue, parts of the configuration, taking back what it does not admit, listening, applying the configuration to the
 * catalogue, tasks. When one fails, all that has begun is ended, and the error thrown.
 *
 * Swap: see `InForce.swap`.
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

async function begin(options: ServiceOptions, lifetimes: Lifetimes): Promise<Service> {
  const { config, log, clock = systemClock, random = Math.random, variables = process.env, signal } = options;
  const ending = new AbortController();

  const store = await openStore(config.store, { clock, log });
  lifetimes.add({ what: "the store", end: () => store.close(), ms: 500 });
  for (const { message, missing } of store.findings) {
    const fields = { store: store.description, ...(missing === undefined ? {} : { missing }) };
    if (missing === undefined) log.warn(fields, message);
    else log.error(fields, message);
  }

  warn(config, log);

  // It orders claims by the parts, which are made after it; nothing is put in order before that.
  const catalogue = await Catalogue.open({
    store,
    rank: (claim) => rankOf(inForce.parts.sources)(claim),
    clock,
    log,
  });
  lifetimes.add({ what: "the catalogue", end: () => catalogue.close(), ms: 4000 });
  signal?.throwIfAborted();
  const choices = new Choices(
    catalogue,
    (source) => inForce.config.sources.findIndex(({ name }) => name === source),
    rulesUnder(config, log),
    clock,
  );
  const restored = catalogue.head.sequence > 0;

  const { sharing } = store;
  const leadership: Leadership = new Leadership({
    sharing,
    clock,
    log,
    note: () => {
      const { parts } = inForce;
      return leaderNote({ sources: parts.health(), followers: parts.followers(), judging: parts.judging() });
    },
  });
  lifetimes.add({ what: "the leader's lease", end: () => leadership.end(), ms: 1000 });

  const metrics = createMetrics();
  const tracer = await openTracer(config, { instance: leadership.replica, clock, log });
  // After all that is traced; a little longer than it takes by itself.
  lifetimes.add({ what: "sending traces", end: () => tracer.close(), ms: 1100 });
  const context = {
    catalogue,
    choices,
    leadership,
    measures: metrics,
    tracer,
    clock,
    random,
    log,
    variables,
    ...(options.fetch && { fetch: options.fetch }),
  };
  const inForce = await putInForce(config, context, ending.signal);
  // Each task has its own time within this one.
  lifetimes.add({ what: "the configuration", end: () => inForce.close(), ms: PARTS_END_MS + 100 });
  signal?.throwIfAborted();
  await leadership.ask();

  const served = new ServedVersions(choices, log, () => leadership.leading);
  const configured = () => inForce.config.versions.policies;
  const selection = new Selection({ choices, served, clock, configured });
  let refused = false;
  const freshness = sharing === undefined ? undefined : createFreshness(catalogue, clock);
  const server = await createServiceServer({
    choices,
    selection,
    inForce,
    leadership,
    freshness,
    metrics,
    refused: () => refused,
    tracer,
    restored,
    clock,
    log,
  });
  lifetimes.add({ what: "the HTTP server", end: () => server.close(), ms: 500 });
  // A question asked at once is not answered with what the configuration does not admit.
  await inForce.parts.takeBack();
  const url = await server.listen();
  const { sequence } = catalogue.head;
  log.info({ url, store: store.description, executors: choices.snapshot.size, sequence }, "listening");

  await inForce.parts.adopt();
  signal?.throwIfAborted();

  inForce.parts.start();
  const tasks = { clock, random, log, signal: ending.signal };
  if (sharing !== undefined) {
    const following = { sharing, clock, random, log };
    void keepRunning("following other replicas", () => followOthers(catalogue, following, ending.signal), tasks);
    void keepRunning("asking for the leader's lease", () => leadership.run(ending.signal), tasks);
  }
  const whileLeading = (what: string, task: (signal: AbortSignal) => Promise<void>): void =>
    void keepRunning(what, () => leadership.whileLeading(task, ending.signal), tasks);
  whileLeading("ending pins and denials", (term) => endWhatIsOver(catalogue, clock, term));
  whileLeading("writing down the versions in use", async (term) => {
    await served.settle();
    await whenAborted(term);
  });
  void keepRunning("choosing again when it is time", () => choices.run(ending.signal), tasks);
  void keepRunning("asking a store that failed", () => catalogue.watchStore(ending.signal), tasks);
  void keepRunning("verifying the journal", () => verifyDaily(catalogue, clock, ending.signal), tasks);

  return {
    url,
    async reconfigure(next) {
      await inForce.swap(next, async (parts) => {
        const rules = rulesUnder(next, log);
        await reportEffects(choices, rules(catalogue.state.versionPolicies), log, ending.signal);
        choices.renew(rules);
        await server.renew(parts.access, ending.signal);
      });
      warn({ listen: config.listen, auth: next.auth }, log);
      return FIXED.filter((name) => !isDeepStrictEqual(next[name], config[name]));
    },
    refuse: (next) => void (refused = next),
    drain: () => server.drain(),
    async close() {
      server.drain();
      ending.abort(new ExecutorRegistryError("closed", "the service ends"));
      await lifetimes.end();
    },
  };
}

function warn(config: Parameters<typeof configWarnings>[0], log: Logger): void {
  for (const { code, path, message } of configWarnings(config)) log.warn({ code }, `${path}: ${message}`);
}

/** Nothing of OpenTelemetry is loaded where nothing is traced. */
async function openTracer({ tracing }: Config, context: TracerContext): Promise<Tracer> {
  if (tracing === undefined) return UNTRACED;
  const { openTelemetryTracer } = await import("../tracing/open-telemetry.ts");
  return openTelemetryTracer(tracing, context);
}

/** What a configuration changes of the answers is logged before it does. */
async function reportEffects(choices: Choices, rulesOf: RulesOf, log: Logger, signal: AbortSignal): Promise<void> {
  const { affected, unchanged, changes } = await policyEffects(choices, rulesOf, undefined, signal);
  if (affected === 0) return;
  const versions = changes.map(
    ({ type, before, after }) => `${type}: ${before?.version ?? "none"} → ${after?.version ?? "none"}`,
  );
  log.info({ affected, unchanged, versions }, "the configuration changes which versions are current");
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
