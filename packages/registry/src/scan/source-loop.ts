import { type Clock, ExecutorRegistryError, type Random } from "@executor-registry/resolver";
import type { ImageSource } from "../sources/image-source.ts";
import type { SourceHealth } from "../sources/source-health.ts";
import { backoff } from "../backoff.ts";
import { coalesce } from "./coalesce.ts";
import type { IngestOptions } from "./ingest.ts";
import { type ScanOrder, type ScanReport, SourceScan } from "./source-scan.ts";

/** How often a source is looked at without being told to. */
export interface Polling {
  /** Milliseconds between the end of one scan and the start of the next. */
  readonly interval: number;
  /** How much of the interval is random, 0 to 1, so that replicas and sources spread out. */
  readonly jitter: number;
}

/** What a loop needs besides its source. */
export interface SourceLoopOptions extends IngestOptions {
  readonly polling: Polling;
  readonly clock: Clock;
  readonly random: Random;
}

/** Events come in bursts, one for each platform and tag of a push. */
const WINDOW = 50;

/** Keeps one source current: scans at intervals, sooner when told, later while it fails. */
export class SourceLoop {
  readonly source: ImageSource;
  /** Scans everything. Calls before a scan starts share it. */
  readonly scanAll: (order: ScanOrder) => Promise<ScanReport>;
  /** Scans some repositories, beside a scan of everything that may be under way. */
  readonly scanSome: (order: ScanOrder) => Promise<ScanReport>;
  readonly #options: SourceLoopOptions;
  readonly #signal: AbortSignal;
  #health: SourceHealth;
  #failures = 0;

  constructor(source: ImageSource, options: SourceLoopOptions, signal: AbortSignal) {
    this.source = source;
    this.#options = options;
    this.#signal = signal;
    const { name, kind } = source;
    this.#health = { name, kind, state: "starting", repositories: 0, unread: 0, requests: 0 };
    const scan = new SourceScan(source, options);
    const how = { window: WINDOW, clock: options.clock, signal };
    this.scanAll = coalesce(async (orders: readonly ScanOrder[]) => {
      const report = await scan.run(mergedOrder(orders), signal).catch((error: unknown) => this.#broke(error));
      return this.#ended(report);
    }, how);
    this.scanSome = coalesce((orders: readonly ScanOrder[]) => scan.run(mergedOrder(orders), signal), how);
  }

  get health(): SourceHealth {
    return this.#health;
  }

  /** Polls until the signal aborts. */
  async run(): Promise<void> {
    const { clock, log, random } = this.#options;
    while (!this.#signal.aborted) {
      try {
        await this.scanAll({ actor: `source:${this.source.name}`, why: "polled" });
        await clock.sleep(this.#pause(random), this.#signal);
      } catch (error) {
        if (this.#signal.aborted) return;
        log.error({ source: this.source.name, err: error }, "a scan could not be taken in; it will be tried again");
        await clock.sleep(this.#pause(random), this.#signal).catch(() => {});
      }
    }
  }

  #pause(random: Random): number {
    const { interval, jitter } = this.#options.polling;
    if (this.#failures > 0) return backoff(this.#failures - 1, random, interval);
    return interval * (1 + jitter * (2 * random() - 1));
  }

  /** A scan that could not be taken in says nothing of the source's images, but of the service. */
  #broke(error: unknown): never {
    const known = error instanceof ExecutorRegistryError;
    const { code, message } = known ? error : { code: "internal", message: "a mistake in the service; see its log" };
    const attempted = new Date(this.#options.clock.now()).toISOString();
    this.#failures += 1;
    this.#health = { ...this.#health, state: "failing", attempted, problem: { code, message } };
    throw error;
  }

  #ended(report: ScanReport): ScanReport {
    const { log, clock } = this.#options;
    const { name, kind } = this.source;
    const { repositories, unread, requests, problem } = report;
    const now = new Date(clock.now()).toISOString();
    const completed = report.complete ? now : this.#health.completed;
    this.#failures = report.complete ? 0 : this.#failures + 1;
    if (problem !== undefined && this.#health.problem?.message !== problem.message) {
      log.warn({ source: name, code: problem.code }, `scan incomplete: ${problem.message}`);
    }
    if (report.complete && this.#health.state === "failing") log.info({ source: name }, "scans are complete again");
    log.debug({ source: name, repositories, requests, changes: report.changes }, "scanned");
    this.#health = {
      name,
      kind,
      state: report.complete ? "ready" : "failing",
      ...(completed === undefined ? {} : { completed }),
      attempted: now,
      ...(problem === undefined ? {} : { problem: { code: problem.code, message: problem.message } }),
      repositories,
      unread,
      requests,
    };
    return report;
  }
}

/** One order that does what all of them ask for. */
function mergedOrder(orders: readonly ScanOrder[]): ScanOrder {
  const actors = [...new Set(orders.map(({ actor }) => actor))];
  const recheck = new Map<string, readonly string[] | "all">();
  for (const order of orders) {
    for (const [repository, tags] of order.recheck ?? []) {
      const before = recheck.get(repository) ?? [];
      recheck.set(repository, before === "all" || tags === "all" ? "all" : [...new Set([...before, ...tags])]);
    }
  }
  const only = orders.some(({ only }) => only === undefined)
    ? undefined
    : [...new Set(orders.flatMap(({ only = [] }) => only))];
  return {
    actor: actors.join(", "),
    why: [...new Set(orders.map(({ why }) => why))].join(", "),
    ...(only === undefined ? {} : { only }),
    ...(recheck.size === 0 ? {} : { recheck }),
  };
}
