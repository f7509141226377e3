import { openSources, type Sources } from "./development.ts";
import type { Environment } from "./environment.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { chooseEnvironment, type ResolverOptions } from "./options.ts";
import { noAnswer } from "./no-answer.ts";
import { parseExecutorType } from "./reference/template.ts";
import type { Resolution, SourceName } from "./resolution.ts";
import { ClosedError } from "./resolver-errors.ts";
import type { SourceStatus } from "./source.ts";
import { untilAborted } from "./abort.ts";
import { type ResolutionChange, watchChanges } from "./watch.ts";

/** What a resolution is made for. */
export interface ResolveOptions {
  /** A run id or tenant, so that one subject always sees one version. Rollouts use it; without one it changes nothing. */
  readonly subject?: string;
  readonly signal?: AbortSignal;
}

/** How one source fares. */
export interface SourceReport {
  readonly name: SourceName;
  readonly status: SourceStatus;
  /** What it left out and a person should know. */
  readonly notes: readonly string[];
}

/** Answers which image an executor type means right now. */
export interface Resolver {
  readonly environment: Environment;
  /**
   * The image of a type. The first call waits until every source has answered or failed; later ones are a look-up in memory.
   * @throws InvalidTypeError, UnknownTypeError, ForbiddenError, NoClusterError, KubernetesError, ClosedError
   */
  resolve(type: string, options?: ResolveOptions): Promise<Resolution>;
  /** Every known type's resolution, sorted by type. */
  list(options?: { readonly signal?: AbortSignal }): Promise<readonly Resolution[]>;
  /** What is, then every change of it, of one type or of all, until the signal aborts or the resolver closes. */
  watch(type?: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<ResolutionChange>;
  /** How the sources fare, most exact first. */
  sources(options?: { readonly signal?: AbortSignal }): Promise<readonly SourceReport[]>;
  /** Ends all watching. */
  close(): Promise<void>;
}

/**
 * Makes a resolver. It begins to connect at once and keeps itself current from then on.
 * @throws ConfigurationError, InvalidTemplateError
 */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const environment = chooseEnvironment(options, process.env);
  return new SourcesResolver(environment, openSources(options), options.logger ?? silentLogger);
}

/** A resolver over sources, the most exact first. */
export class SourcesResolver implements Resolver {
  readonly environment: Environment;
  readonly #sources: Promise<Sources>;
  readonly #ending = new AbortController();
  readonly #cache = new Map<string, Promise<Resolution>>();
  readonly #wakers = new Set<() => void>();

  constructor(environment: Environment, sources: Promise<Sources>, log: Logger) {
    this.environment = environment;
    this.#sources = this.#settle(sources, log);
    // Whoever asks gets the rejection; nobody asking is no crash.
    this.#sources.catch(() => {});
  }

  resolve(type: string, options?: ResolveOptions): Promise<Resolution> {
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason);
    return this.#cache.get(type) ?? this.#resolve(type, options?.signal);
  }

  async list({ signal }: { readonly signal?: AbortSignal } = {}): Promise<readonly Resolution[]> {
    const { list } = await this.#ready(signal);
    const types = new Set(list.flatMap((source) => [...source.types()]));
    return Promise.all([...types].sort().map((type) => this.resolve(type)));
  }

  watch(type?: string, { signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<ResolutionChange> {
    return watchChanges({
      read: async () => (type === undefined ? this.list() : this.#ifKnown(type)),
      types: type === undefined ? undefined : [parseExecutorType(type)],
      onChange: (waker) => {
        this.#wakers.add(waker);
        return () => this.#wakers.delete(waker);
      },
      signal: signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal,
    });
  }

  async sources({ signal }: { readonly signal?: AbortSignal } = {}): Promise<readonly SourceReport[]> {
    const { list } = await this.#ready(signal);
    return list.map((source) => ({ name: source.name, status: source.status(), notes: source.notes?.() ?? [] }));
  }

  async close(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(new ClosedError());
    this.#cache.clear();
    const sources = await this.#sources.catch(() => undefined);
    await Promise.all((sources?.list ?? []).map((source) => source.close()));
    sources?.close();
  }

  async #settle(opening: Promise<Sources>, log: Logger): Promise<Sources> {
    const sources = await opening;
    for (const source of sources.list) source.onChange(() => this.#changed());
    await Promise.all(sources.list.map((source) => source.settled));
    for (const { name, status } of sources.list.map((source) => ({ name: source.name, status: source.status() }))) {
      if (status.problem)
        log.warn({ source: name, code: status.problem.code }, `left out for now: ${status.problem.message}`);
    }
    return sources;
  }

  async #ready(signal: AbortSignal | undefined): Promise<Sources> {
    const ended = this.#ending.signal;
    return untilAborted(this.#sources, signal ? AbortSignal.any([signal, ended]) : ended);
  }

  async #resolve(type: string, signal: AbortSignal | undefined): Promise<Resolution> {
    parseExecutorType(type);
    const sources = await this.#ready(signal);
    const cached = this.#cache.get(type);
    if (cached) return cached;
    const resolution = this.#compute(type, sources);
    this.#cache.set(type, Promise.resolve(resolution));
    return resolution;
  }

  #compute(type: string, { list, namespace, refine }: Sources): Resolution {
    for (const source of list) {
      const finding = source.find(type);
      if (!finding) continue;
      const { state, since } = source.status();
      return Object.freeze({
        type,
        environment: this.environment,
        source: source.name,
        ...refine(finding),
        ...(state === "stale" ? { stale: true, staleSince: new Date(since).toISOString() } : { stale: false }),
      });
    }
    throw noAnswer(type, list, namespace);
  }

  async #ifKnown(type: string): Promise<readonly Resolution[]> {
    const { list } = await this.#ready(undefined);
    return list.some((source) => source.find(type)) ? [await this.resolve(type)] : [];
  }

  #changed(): void {
    // All of it: what nodes hold also refines what others declare. The sources keep their findings, so little is done again.
    this.#cache.clear();
    for (const wake of this.#wakers) wake();
  }
}
