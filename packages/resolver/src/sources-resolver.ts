import { untilAborted } from "./abort.ts";
import { combine, type Sources } from "./combine.ts";
import type { Environment } from "./environment.ts";
import type { Logger } from "./logger.ts";
import { noAnswer, unreadable } from "./no-answer.ts";
import { parseExecutorType } from "./reference/template.ts";
import type { Resolution } from "./resolution.ts";
import { ClosedError } from "./resolver-errors.ts";
import type { ResolveOptions, Resolver, SourceReport, WaitOptions } from "./resolver.ts";
import { type ResolutionChange, watchChanges } from "./watch.ts";

/** A resolver over sources in this process. */
export class SourcesResolver implements Resolver {
  readonly environment: Environment;
  readonly #opened: Promise<Sources>;
  readonly #settled: Promise<Sources>;
  /** Once settled. */
  #sources: Sources | undefined;
  /** Finished answers, until a source says that they may have changed. */
  readonly #cache = new Map<string, Promise<Resolution>>();
  readonly #listeners = new Set<(type?: string) => void>();
  readonly #ending = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(environment: Environment, opening: Promise<Sources>, log: Logger) {
    this.environment = environment;
    this.#opened = opening;
    this.#settled = this.#settle(log);
    // Whoever asks gets the rejection; nobody asking is no crash.
    this.#settled.catch(() => {});
  }

  resolve(type: string, { signal }: ResolveOptions = {}): Promise<Resolution> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return this.#cache.get(type) ?? this.#resolve(type, signal);
  }

  async list({ signal }: WaitOptions = {}): Promise<readonly Resolution[]> {
    const sources = await this.#ready(signal);
    const problem = unreadable(sources);
    if (problem) throw problem;
    return Promise.all(typesOf(sources).flatMap((type) => this.#find(type, sources) ?? []));
  }

  watch(type?: string, { signal }: WaitOptions = {}): AsyncIterable<ResolutionChange> {
    if (type !== undefined) parseExecutorType(type);
    const ending = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal;
    return watchChanges({
      ...(type !== undefined && { only: type }),
      types: async () => typesOf(await this.#ready(ending)),
      find: async (type) => this.#find(type, await this.#ready(ending)),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      signal: ending,
    });
  }

  async sources({ signal }: WaitOptions = {}): Promise<readonly SourceReport[]> {
    const { list } = await this.#ready(signal);
    return list.map((source) => ({ name: source.name, status: source.status(), notes: source.notes?.() ?? [] }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#ending.abort(new ClosedError());
    this.#cache.clear();
    const sources = await this.#opened.catch(() => undefined);
    await Promise.all((sources?.list ?? []).map((source) => source.close()));
    sources?.close();
  }

  async #settle(log: Logger): Promise<Sources> {
    const sources = await this.#opened;
    for (const source of sources.list) source.onChange((type) => this.#changed(type));
    await Promise.all(sources.list.map((source) => source.settled));
    if (!this.#ending.signal.aborted) {
      this.#sources = sources;
      const leftOut = sources.list.filter((source) => source.status().problem?.code === "forbidden");
      const names = leftOut.map(({ name }) => name);
      // No contact is logged by who tries to get it; this is nobody's loss but a choice of the cluster's.
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
    const resolution = this.#find(type, sources);
    if (resolution) return resolution;
    throw noAnswer(type, sources);
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
