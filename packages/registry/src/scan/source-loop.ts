import { ExecutorRegistryError, type Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { type Measures, type ScanEnd, UNMEASURED } from "../model/measures.ts";
import type { ImageSource, ScanProgress, SourceHealth } from "../sources/image-source.ts";
import { causedBy, type Span, UNTRACED, type Tracer } from "../tracing/tracer.ts";
import { coalesce } from "./coalesce.ts";

import { NO_PROGRESS, type ScanOrder, type ScanReport, SourceScan, type SourceScanOptions } from "./source-scan.ts";
import { STALLED_MS, watched } from "./watchdog.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** How often a source is looked at without a request. */
export interface Polling {
  /** Milliseconds between the end of one scan and the start of the next. */
  readonly interval: number;
  /** How much of the interval is random, 0 to 1, so that replicas and sources spread out. */
  readonly jitter: number;
}

/** What a loop needs besides its source. */
export interface SourceLoopOptions extends Omit<SourceScanOptions, "apart"> {
  readonly polling: Polling;
  readonly random: Random;
  /** @default none */
  readonly measures?: Measures;
  /** Begins the traces of scans that nothing else caused. @default none */
  readonly tracer?: Tracer;
}

/** Events come in bursts, one for each platform and tag of a push. */
const WINDOW = 50;
/** A scan that takes long is logged each time that it has read so many more. */
const LOGGED_REPOSITORIES = 100;
/** Repositories that the span of a scan names. */
const NAMED_REPOSITORIES = 10;
const LOGGED_TAGS = 1000;

/** Keeps one source current: scans at intervals, sooner when asked, later while it fails. */
export class SourceLoop {
  readonly source: ImageSource;
  /** Scans everything. Calls before a scan starts share it. */
  readonly scanAll: (order: ScanOrder) => Promise<ScanReport>;
  /** Scans some repositories, beside a scan of everything that may be under way. */
  readonly scanSome: (order: ScanOrder) => Promise<ScanReport>;
  readonly #options: SourceLoopOptions;
  readonly #signal: AbortSignal;
  readonly #scan: SourceScan;
  #health: SourceHealth;
  #failures = 0;

  constructor(source: ImageSource, options: SourceLoopOptions, signal: AbortSignal) {
    this.source = source;
    this.#options = options;
    this.#signal = signal;
    const { name, kind } = source;
    this.#health = { name, kind, state: "starting", repositories: 0, unread: 0, requests: 0 };
    const { interval, jitter } = options.polling;
    // The next scan may come as much sooner.
    this.#scan = new SourceScan(source, { ...options, apart: interval * (1 - jitter) });
    const how = { window: WINDOW, clock: options.clock, signal };
    this.scanAll = coalesce(async (orders: readonly ScanOrder[]) => {
      const began = options.clock.now();
      const span = this.#begin(orders);
      const report = await this.#traced(orders, span).catch((error: unknown) => this.#broke(error, began));
      return this.#ended(report, began, span);
    }, how);
    this.scanSome = coalesce((orders: readonly ScanOrder[]) => this.#traced(orders, this.#begin(orders)), how);
  }

  /** The first that asked for it is its cause in traces; the others are linked. */
  #begin(orders: readonly ScanOrder[]): Span {
    const { tracer = UNTRACED } = this.#options;
    const { only, why } = mergedOrder(orders);
    const { name: source, kind } = this.source;
    const repository = only?.slice(0, NAMED_REPOSITORIES).map(({ name }) => name);
    const attributes = { source, kind, why, repository };
    const causes = orders.flatMap((one) => one.span ?? []);
    return causedBy(causes, "scan", attributes, () => tracer.begin("scan", { attributes }));
  }

  async #traced(orders: readonly ScanOrder[], span: Span): Promise<ScanReport> {
    try {
      const report = await this.#run({ ...mergedOrder(orders), span });
      const { complete, changes, unread, requests, problem } = report;
      span.set({ outcome: complete ? "complete" : "incomplete", changes, unread, requests });
      span.end(problem);
      return report;
    } catch (error) {
      span.set({ outcome: "unrecorded" });
      span.end(error);
      throw error;
    }
  }

  /** One that hangs ends as a scan that saw nothing. */
  async #run(order: ScanOrder): Promise<ScanReport> {
    const { clock } = this.#options;
    const all = order.only === undefined;
    const requests = this.source.requests;
    let progress = NO_PROGRESS;
    try {
      return await watched(
        ({ signal, progressed }) =>
          this.#scan.run(order, signal, (now) => {
            progressed();
            if (all) this.#progressed(progress, now);
            progress = now;
          }),
        () => all && this.#stalled(),
        { clock, signal: this.#signal },
      );
    } catch (error) {
      if (!(error instanceof ExecutorRegistryError) || error.code !== "timeout" || this.#signal.aborted) throw error;
      return {
        source: this.source.name,
        repositories: 0,
        changes: 0,
        unread: this.#health.unread ?? 0,
        requests: this.source.requests - requests,
        complete: false,
        passing: true,
        problem: error,
        incomplete: [error.message],
        progress,
      };
    }
  }

  #progressed(before: ScanProgress, progress: ScanProgress): void {
    this.#health = { ...this.#health, progress };
    const steps = ({ repositoriesRead, tagsRead }: ScanProgress): number =>
      Math.floor(repositoriesRead / LOGGED_REPOSITORIES) + Math.floor(tagsRead / LOGGED_TAGS);
    if (steps(progress) === steps(before)) return;
    const { repositories, repositoriesRead, tags, tagsRead } = progress;
    this.#options.log.info(
      { source: this.source.name, ...progress },
      `scanning: ${repositoriesRead} of ${repositories} repositories read, ${tagsRead} tags of the ${tags} to look up so far`,
    );
  }

  /** Readiness does not wait for it any longer, though it goes on. */
  #stalled(): void {
    const message = `the scan has made no progress for ${STALLED_MS / 1000} s; it goes on`;
    this.#options.log.warn({ source: this.source.name, code: "timeout" }, message);
    this.#health = { ...this.#health, state: "failing", problem: { code: "timeout", message }, incomplete: [message] };
  }

  get health(): SourceHealth {
    return this.#health;
  }

  /** Polls until the signal aborts, or that of the scanner. */
  async run(until: AbortSignal = this.#signal): Promise<void> {
    const { clock, log, random } = this.#options;
    const signal = AbortSignal.any([until, this.#signal]);
    while (!signal.aborted) {
      try {
        await this.scanAll({ actor: `source:${this.source.name}`, why: "polled" });
        await clock.sleep(this.#pause(random), signal);
      } catch (error) {
        if (signal.aborted) return;
        log.error(
          { source: this.source.name, ...problemFields(error) },
          "what a scan found could not be recorded; trying again",
        );
        await clock.sleep(this.#pause(random), signal).catch(() => {});
      }
    }
  }

  #pause(random: Random): number {
    const { interval, jitter } = this.#options.polling;
    if (this.#failures > 0) return backoff(this.#failures - 1, random, interval);
    return interval * (1 + jitter * (2 * random() - 1));
  }

  #measure(outcome: ScanEnd, began: number): void {
    const { clock, measures = UNMEASURED } = this.#options;
    measures.scanned(this.source.name, outcome, (clock.now() - began) / 1000);
  }

  /** A scan whose results could not be recorded is a problem of the service, not of the source. */
  #broke(error: unknown, began: number): never {
    if (!this.#signal.aborted) this.#measure("unrecorded", began);
    const known = error instanceof ExecutorRegistryError;
    const { code, message } = known ? error : { code: "internal", message: "a mistake in the service; see its log" };
    const attempted = new Date(this.#options.clock.now()).toISOString();
    this.#failures += 1;
    this.#health = { ...this.#health, state: "failing", attempted, problem: { code, message } };
    throw error;
  }

  #ended(report: ScanReport, began: number, { ids }: Span): ScanReport {
    this.#measure(report.complete ? "complete" : "incomplete", began);
    const { log, clock } = this.#options;
    const { name, kind } = this.source;
    const { repositories, unread, requests, problem } = report;
    const now = new Date(clock.now()).toISOString();
    const completed = report.complete ? now : this.#health.completed;
    // What is refused for good is not asked for sooner than at the next poll.
    this.#failures = report.passing ? this.#failures + 1 : 0;
    if (problem !== undefined && this.#health.problem?.message !== problem.message) {
      log.warn({ source: name, code: problem.code, ...ids }, `scan incomplete: ${problem.message}`);
    }
    if (report.complete && this.#health.state === "failing")
      log.info({ source: name, ...ids }, "scans are complete again");
    log.debug({ source: name, repositories, requests, changes: report.changes, ...ids }, "scanned");
    this.#health = {
      name,
      kind,
      state: report.complete ? "ready" : "failing",
      ...(completed === undefined ? {} : { completed }),
      attempted: now,
      ...(problem === undefined ? {} : { problem: { code: problem.code, message: problem.message } }),
      ...(report.incomplete.length > 0 && { incomplete: report.incomplete }),
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
  const all = orders.some((order) => order.recheck === "all");
  for (const order of orders) {
    if (order.recheck === "all") continue;
    for (const [repository, tags] of order.recheck ?? []) {
      const before = recheck.get(repository) ?? [];
      recheck.set(repository, before === "all" || tags === "all" ? "all" : [...new Set([...before, ...tags])]);
    }
  }
  const only = orders.some(({ only }) => only === undefined)
    ? undefined
    : [...new Map(orders.flatMap(({ only = [] }) => only.map((one) => [one.name, one] as const))).values()];
  return {
    actor: actors.join(", "),
    why: [...new Set(orders.map(({ why }) => why))].join(", "),
    ...(only === undefined ? {} : { only }),
    ...(all ? { recheck: "all" as const } : recheck.size === 0 ? {} : { recheck }),
  };
}
