import { untilAborted } from "../tools/time-limit.ts";
import { combine, type Sources } from "./combine.ts";
import { type Clock, systemClock } from "../tools/clock.ts";
import type { Environment, Resolution } from "../contract/resolution.ts";
import type { Logger } from "../tools/logger.ts";
import { noAnswer, unread, everySourceForbidden } from "./no-answer.ts";
import { firstUnread, unreadFor } from "./passed-over.ts";
import { parseNeeds } from "../contract/needs.ts";
import { pickByNeeds } from "../contract/pick-by-needs.ts";
import { parseExecutorType } from "../reference/template.ts";
import { ClosedError } from "../contract/resolver-errors.ts";
import type { NeedsOptions, ResolveOptions, Resolver, SourceReport, WaitOptions } from "../contract/resolver.ts";
import type { Source } from "../sources/source.ts";
import { type ResolutionChange, watchChanges } from "../contract/watch.ts";

/**
 * How long a source that was never read is waited for, in milliseconds from its first failure: enough for an API server
 * that restarts, or sheds load for a moment. After that, callers get the error at once.
 */
const UNREAD_WAIT_MS = 10_000;

/** A resolver over sources in this process. */
export class SourcesResolver implements Resolver {
  readonly environment: Environment;
  readonly #clock: Clock;
  readonly #opened: Promise<Sources>;
  readonly #settled: Promise<Sources>;
  /** Once settled. */
  #sources: Sources | undefined;
  /** Finished answers, until a source says that they may have changed. */
  readonly #cache = new Map<string, Promise<Resolution>>();
  readonly #listeners = new Set<(type?: string) => void>();
  readonly #ending = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(environment: Environment, opening: Promise<Sources>, log: Logger, clock: Clock = systemClock) {
    this.environment = environment;
    this.#clock = clock;
    this.#opened = opening;
    this.#settled = this.#settle(log);
    // Callers get the rejection; without a caller it is not an unhandled one.
    this.#settled.catch(() => {});
  }

  resolve(asked: string | NeedsOptions, options: ResolveOptions = {}): Promise<Resolution> {
    if (typeof asked !== "string") return this.#resolveNeeds(asked);
    const [type, { signal }] = [asked, options];
    if (signal?.aborted) return Promise.reject(signal.reason);
    return this.#cache.get(type) ?? this.#resolve(type, signal);
  }

  async list({ signal }: WaitOptions = {}): Promise<readonly Resolution[]> {
    const sources = await this.#ready(signal);
    const problem = everySourceForbidden(sources);
    if (problem) throw problem;
    const types = await this.#types(sources, signal);
    return Promise.all(types.flatMap((type) => this.#find(type, sources) ?? []));
  }

  watch(type?: string, { signal }: WaitOptions = {}): AsyncIterable<ResolutionChange> {
    if (type !== undefined) parseExecutorType(type);
    const ending = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal;
    return watchChanges({
      ...(type !== undefined && { only: type }),
      types: async () => this.#types(await this.#ready(ending), ending),
      find: async (type) => {
        const sources = await this.#ready(ending);
        const lost = await this.#waitWhileUnread(() => unreadFor(type, sources), ending);
        if (lost) throw unread(lost, sources, type);
        return this.#find(type, sources);
      },
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      signal: ending,
    });
  }

  async sources({ signal }: WaitOptions = {}): Promise<readonly SourceReport[]> {
    const { list, namespaceWatch } = await this.#ready(signal);
    const missing = namespaceWatch?.missing();
    return list.map((source, index) => ({
      name: source.name,
      status: source.status(),
      notes: [...(missing !== undefined && index === 0 ? [missing] : []), ...(source.notes?.() ?? [])],
    }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#ending.abort(new ClosedError());
    this.#cache.clear();
    const sources = await this.#opened.catch(() => undefined);
    await Promise.all([sources?.namespaceWatch?.close(), ...(sources?.list ?? []).map((source) => source.close())]);
    sources?.close();
  }

  async #settle(log: Logger): Promise<Sources> {
    const sources = await this.#opened;
    for (const source of sources.list) source.onChange((type) => this.#changed(type));
    sources.namespaceWatch?.onChange(() => this.#changed(undefined));
    await Promise.all([sources.namespaceWatch?.settled, ...sources.list.map((source) => source.settled)]);
    if (!this.#ending.signal.aborted) {
      this.#sources = sources;
      const leftOut = sources.list.filter((source) => source.status().problem?.code === "forbidden");
      const names = leftOut.map(({ name }) => name);
      // A source that cannot be reached logs that itself; a missing permission is logged here.
      if (names.length > 0) log.warn({ sources: names }, `left out for want of permission: ${names.join(", ")}`);
    }
    return sources;
  }

  async #ready(signal: AbortSignal | undefined): Promise<Sources> {
    const ended = this.#ending.signal;
    ended.throwIfAborted();
    signal?.throwIfAborted();
    return this.#sources ?? untilAborted(this.#settled, signal ? AbortSignal.any([signal, ended]) : ended);
  }

  async #resolve(type: string, signal: AbortSignal | undefined): Promise<Resolution> {
    parseExecutorType(type);
    const sources = await this.#ready(signal);
    const lost = await this.#waitWhileUnread(() => unreadFor(type, sources), signal);
    if (lost) throw unread(lost, sources, type);
    const resolution = this.#find(type, sources);
    if (resolution) return resolution;
    throw noAnswer(type, sources);
  }

  async #resolveNeeds({ needs, ...options }: NeedsOptions): Promise<Resolution> {
    const parsed = parseNeeds(needs);
    return this.resolve(pickByNeeds(parsed, await this.list(options)), options);
  }

  /** The types there are, sorted. @throws SourceUnreadError when that is not known */
  async #types(sources: Sources, signal: AbortSignal | undefined): Promise<readonly string[]> {
    await this.#waitWhileUnread(() => firstUnread(sources.list), signal);
    const types = typesOf(sources);
    // A less exact source that cannot be read leaves some types out, and `sources` says so; it makes none of the others wrong.
    const lost =
      types.length === 0
        ? firstUnread(sources.list)
        : types.map((type) => unreadFor(type, sources)).find((source) => source !== undefined);
    if (lost) throw unread(lost, sources);
    return types;
  }

  /** Waits until there is no such source any more, or it has been tried for long enough; resolves to the one that is left. */
  async #waitWhileUnread(find: () => Source | undefined, signal: AbortSignal | undefined): Promise<Source | undefined> {
    for (let source = find(); source; source = find()) {
      const { since, problem } = source.status();
      const left = since + UNREAD_WAIT_MS - this.#clock.now();
      if (left <= 0 || problem?.retryable === false) return source;
      await this.#news(left, signal);
    }
    return undefined;
  }

  /** Resolves when a source says that something changed, or `ms` have passed. */
  async #news(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = this.#ending.signal;
    const over = new AbortController();
    let listener = (): void => {};
    const changed = new Promise<void>((resolve) => (listener = resolve));
    this.#listeners.add(listener);
    const late = this.#clock.sleep(ms, over.signal).catch(() => {});
    try {
      await untilAborted(Promise.race([changed, late]), signal ? AbortSignal.any([signal, ended]) : ended);
    } finally {
      this.#listeners.delete(listener);
      over.abort();
    }
  }

  #find(type: string, sources: Sources): Promise<Resolution> | undefined {
    const cached = this.#cache.get(type);
    if (cached) return cached;
    const resolution = combine(type, this.environment, sources);
    if (!resolution) return undefined;
    const answer = Promise.resolve(resolution);
    if (!this.#ending.signal.aborted) this.#cache.set(type, answer);
    return answer;
  }

  #changed(type: string | undefined): void {
    if (type === undefined) this.#cache.clear();
    else this.#cache.delete(type);
    for (const listener of this.#listeners) listener(type);
  }
}

function typesOf({ list }: Sources): string[] {
  return [...new Set(list.flatMap((source) => [...source.types()]))].sort();
}
