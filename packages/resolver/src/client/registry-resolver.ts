import { setMaxListeners } from "node:events";
import type { Clock, Random } from "../tools/clock.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import type { Logger } from "../tools/logger.ts";
import { parseExecutorType } from "../reference/template.ts";
import { parseNeeds } from "../contract/needs.ts";
import { pickByNeeds } from "../contract/pick-by-needs.ts";
import type { Resolution } from "../contract/resolution.ts";
import { ClosedError } from "../contract/resolver-errors.ts";
import type { NeedsOptions, ResolveOptions, Resolver, SourceReport, WaitOptions } from "../contract/resolver.ts";
import { type ResolutionChange, watchChanges } from "../contract/watch.ts";
import { Answers } from "./answers.ts";
import { CacheFile } from "./cache-file.ts";
import type { StreamEvent } from "./event-stream.ts";
import { followEvents } from "./events.ts";
import { parseEvent } from "../contract/parse-document.ts";
import type { Reached } from "./reached.ts";
import { RegistryCache } from "./registry-cache.ts";
import { createService } from "./service.ts";
import type { RegistrySettings } from "./settings.ts";

export interface RegistryResolverOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Different needs of which the type is kept. */
const MAX_PICKED = 100;

/** A resolver over the registry service. It has nothing but the service's answers, and keeps them. */
export class RegistryResolver implements Resolver {
  readonly environment = "production";
  readonly #settings: RegistrySettings;
  readonly #options: RegistryResolverOptions;
  readonly #answers = new Answers();
  readonly #cache: RegistryCache;
  readonly #file: CacheFile | undefined;
  readonly #ending = new AbortController();
  readonly #reached: Reached;
  readonly #running: Promise<unknown>;
  /** How many watch each type, and all. */
  readonly #watched = new Map<string | undefined, number>();
  /** The types that were picked by needs, until an answer changes: to look through thousands takes milliseconds. */
  readonly #picked = new Map<string, string>();
  #ended = false;
  #closed: Promise<void> | undefined;

  constructor(settings: RegistrySettings, options: RegistryResolverOptions) {
    const { clock, random, log } = options;
    this.#settings = settings;
    this.#options = options;
    const ended = this.#ending.signal;
    // Each request under way listens to it; Node 20 takes more than ten for a leak.
    setMaxListeners(0, ended);
    const answers = this.#answers;
    const { cacheFile: path, urls } = settings;
    const file = path === undefined ? undefined : new CacheFile({ path, urls, answers, clock, log });
    this.#file = file;
    const service = createService(settings, { clock, random });
    this.#cache = new RegistryCache({
      service,
      settings,
      clock,
      ended,
      answers,
      log,
      restored: file?.restore() ?? Promise.resolve(),
      onConfirmed: () => file?.changed(ended),
    });
    this.#cache.inquiry.onChange(() => this.#picked.clear());
    this.#tellContact();
    const { endpoints, reached } = service;
    this.#reached = reached;
    const handler = {
      connected: (resumed: boolean) => {
        this.#cache.live(true, clock.now());
        this.#refresh(!resumed);
      },
      event: (event: StreamEvent) => this.#heard(event),
      lost: (heard: number) => this.#cache.live(false, heard),
    };
    this.#running = Promise.allSettled([
      this.#poll(),
      ...(settings.events ? [followEvents({ endpoints, settings, clock, random, log }, handler, ended)] : []),
    ]);
  }

  resolve(asked: string | NeedsOptions, options: ResolveOptions = {}): Promise<Resolution> {
    if (typeof asked !== "string") return this.#resolveNeeds(asked);
    const [type, { subject, signal }] = [asked, options];
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#ended) return Promise.reject(this.#ending.signal.reason);
    return this.#cache.peek(type, subject) ?? this.#resolve(type, subject, signal);
  }

  async list({ signal }: WaitOptions = {}): Promise<readonly Resolution[]> {
    signal?.throwIfAborted();
    return this.#cache.list(signal);
  }

  watch(type?: string, { signal }: WaitOptions = {}): AsyncIterable<ResolutionChange> {
    if (type !== undefined) parseExecutorType(type);
    const ending = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal;
    return watchChanges({
      ...(type !== undefined && { only: type }),
      types: () =>
        this.#persist(async () => (await this.#cache.list(ending)).map((resolution) => resolution.type), ending),
      find: (type) => this.#persist(() => this.#cache.known(type), ending),
      onChange: (listener) => {
        const off = this.#cache.inquiry.onChange(listener);
        this.#watched.set(type, (this.#watched.get(type) ?? 0) + 1);
        return () => {
          off();
          const left = (this.#watched.get(type) ?? 0) - 1;
          if (left > 0) this.#watched.set(type, left);
          else this.#watched.delete(type);
        };
      },
      signal: ending,
    });
  }

  async sources({ signal }: WaitOptions = {}): Promise<readonly SourceReport[]> {
    signal?.throwIfAborted();
    this.#ending.signal.throwIfAborted();
    const { state } = this.#cache.inquiry;
    // What there is to say is in the status.
    if (state.status().state === "starting") await this.#cache.list(signal).catch(() => {});
    signal?.throwIfAborted();
    this.#ending.signal.throwIfAborted();
    return [{ name: "registry", status: state.status(), notes: [] }];
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#ended = true;
    this.#ending.abort(new ClosedError());
    await this.#running;
    await this.#file?.close();
    this.#cache.inquiry.state.close();
    this.#answers.clear();
  }

  async #resolve(type: string, subject: string | undefined, signal: AbortSignal | undefined): Promise<Resolution> {
    parseExecutorType(type);
    return this.#cache.get(type, subject, signal);
  }

  async #resolveNeeds({ needs, ...options }: NeedsOptions): Promise<Resolution> {
    const key = JSON.stringify(needs);
    const picked = this.#cache.isListed ? this.#picked.get(key) : undefined;
    if (picked !== undefined) return this.resolve(picked, options);
    const type = pickByNeeds(parseNeeds(needs), await this.list(options));
    if (this.#picked.size >= MAX_PICKED) this.#picked.clear();
    this.#picked.set(key, type);
    return this.resolve(type, options);
  }

  /** Tries until the service answers: who watches has time. */
  async #persist<T>(work: () => Promise<T>, ending: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (ending.aborted || !(error instanceof ExecutorRegistryError && error.retryable)) throw error;
        await this.#options.clock.sleep(this.#settings.negativeTtl, ending);
      }
    }
  }

  /** An event is a hint: what it is about is asked for again. */
  #heard({ event, data, id }: StreamEvent): void {
    if (event === "reset") {
      this.#reached.note(id);
      this.#cache.expire();
      return this.#refresh(true);
    }
    const { type, journal } = (event === "executor" ? parseEvent(data) : undefined) ?? {};
    if (type === undefined) return;
    this.#reached.note(journal);
    this.#cache.expire(type);
    const wanted = this.#answers.find(type) ?? (this.#isWatched(type) ? this.#answers.open(type) : undefined);
    if (wanted) void this.#cache.inquiry.confirm(wanted);
  }

  #isWatched(type: string): boolean {
    return this.#watched.has(type) || this.#watched.has(undefined);
  }

  #refresh(everything: boolean): void {
    // Rejects only when all ends.
    this.#cache.refresh(new Set(this.#watched.keys()), everything).catch(() => {});
  }

  /** Keeps what is watched or stale current while no events come. */
  async #poll(): Promise<never> {
    const { clock, random } = this.#options;
    for (;;) {
      await clock.sleep(this.#settings.ttl * (0.9 + 0.2 * random()), this.#ending.signal);
      await this.#cache.refresh(new Set(this.#watched.keys()));
    }
  }

  #tellContact(): void {
    const { state } = this.#cache.inquiry;
    let lost = false;
    state.onChange(() => {
      const { problem } = state.status();
      if ((problem !== undefined) === lost) return;
      lost = problem !== undefined;
      if (problem) this.#options.log.warn({ err: problem }, "the registry service gives no answer");
      else this.#options.log.info({}, "the registry service answers again");
    });
  }
}
