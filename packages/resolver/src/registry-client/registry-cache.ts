import { untilAborted } from "../abort.ts";
import type { Clock } from "../clock.ts";
import { ExecutorRegistryError } from "../errors.ts";
import type { Resolution } from "../resolution.ts";
import { UnknownTypeError, type UnknownTypeFacts } from "../resolver-errors.ts";
import { SourceState } from "../source-state.ts";
import type { Answer } from "./answer.ts";
import { Answers } from "./answers.ts";
import { TooStaleError } from "./errors.ts";
import type { ExecutorDocument } from "./executor-document.ts";
import { noKnownTypes } from "./known-types.ts";
import { parseDocument, parseDocuments } from "./parse-document.ts";
import type { Service } from "./service.ts";
import type { RegistrySettings } from "./settings.ts";

const DOCUMENT_LIMIT = 256 * 1024;
const LIST_LIMIT = 64 * 1024 * 1024;
/** How long answers count while events are received: those are hints, and one may get lost. */
const LIFE_WITH_EVENTS = 300_000;

export interface RegistryCacheOptions {
  readonly service: Service;
  readonly settings: Pick<RegistrySettings, "ttl" | "negativeTtl" | "maxStale" | "timeout">;
  readonly clock: Clock;
  /** Ends all requests. */
  readonly ended: AbortSignal;
  /** Settles when what was kept for a cold start has been put into `answers`. */
  readonly restored: Promise<unknown>;
  /** Told whenever the service confirmed or denied something. */
  readonly onConfirmed?: () => void;
  readonly answers?: Answers;
}

/** The service's answers in memory: which count, which are asked for again, which have become too old. */
export class RegistryCache {
  readonly state: SourceState;
  readonly answers: Answers;
  readonly #options: RegistryCacheOptions;
  readonly #list = noKnownTypes();
  readonly #listeners = new Set<(type: string) => void>();
  #live = false;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    this.answers = options.answers ?? new Answers();
    this.state = new SourceState(options.clock);
  }

  /** Tells of a type whose answer for nobody in particular changed. Returns how to stop it. */
  onChange(listener: (type: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What can be given without asking anybody. */
  peek(type: string, subject: string | undefined): Promise<Resolution> | undefined {
    const answer = this.answers.find(type, subject);
    return answer?.isCurrent(this.#options.clock.now()) ? answer.promise : undefined;
  }

  /** What {@link peek} gives, or an answer that may be confirmed behind, or what the service says. */
  async get(type: string, subject: string | undefined, signal?: AbortSignal): Promise<Resolution> {
    const { clock, settings } = this.#options;
    await this.#wait(this.#options.restored, signal);
    const answer = this.answers.open(type, subject);
    const now = clock.now();
    if (answer.promise && answer.isCurrent(now)) return answer.promise;
    const flight = this.confirm(answer);
    if (answer.promise && answer.servesMeanwhile(now, this.#life(), settings.maxStale)) return answer.promise;
    await this.#wait(flight, signal);
    // The service may have said that every subject's answer is the same.
    const own = this.answers.find(type, subject) ?? answer;
    const plain = this.answers.find(type);
    const { problem } = own;
    if (!problem || own.document || !plain?.document) return own.outcome(clock.now(), settings.maxStale);
    // While the service is away, a subject that comes anew gets what its type was last known to be.
    this.#fail(plain, problem);
    return plain.outcome(clock.now(), settings.maxStale);
  }

  /** Every known type's resolution, sorted by type. */
  async list(signal?: AbortSignal): Promise<readonly Resolution[]> {
    const { clock, settings, restored } = this.#options;
    await this.#wait(restored, signal);
    const list = this.#list;
    const now = clock.now();
    const age = now - list.checked;
    if (age < 0 || now >= list.until) {
      const flight = this.confirmList();
      const serves = list.documents && age >= 0 && age < settings.maxStale;
      const meanwhile = serves && (list.problem !== undefined || (!list.outdated && age < 2 * this.#life()));
      if (!meanwhile) await this.#wait(flight, signal);
    }
    if (!list.problem) return this.#known();
    const known = this.#known();
    if (known.length === 0) throw list.problem;
    const oldest = Math.min(...known.map(({ type }) => this.answers.find(type)?.checked ?? 0));
    if (clock.now() - oldest < settings.maxStale) return known;
    throw new TooStaleError("the list of executor types", new Date(oldest).toISOString(), list.problem);
  }

  /** What is known of a type, however old; asks only if nothing is. */
  async known(type: string): Promise<Resolution | undefined> {
    await this.#wait(this.#options.restored);
    const answer = this.answers.open(type);
    if (!answer.resolution && !answer.isCurrent(this.#options.clock.now())) await this.confirm(answer);
    if (!answer.resolution && answer.problem) throw answer.problem;
    return answer.resolution;
  }

  /** Answers count for longer while events tell of changes. @param heard when the last sign of life came */
  live(live: boolean, heard: number): void {
    this.#live = live;
    if (live) return;
    const { clock, settings } = this.#options;
    const now = clock.now();
    for (const answer of this.answers.all()) answer.extend(heard, now, settings.ttl);
    this.#list.until = Math.min(this.#list.until, now + settings.ttl);
  }

  /** A type, or all, may have changed. */
  expire(type?: string): void {
    for (const answer of type === undefined ? this.answers.all() : this.answers.ofType(type)) answer.expire(true);
    this.#list.until = 0;
    this.#list.outdated = true;
    if (this.#list.flight) this.#list.again = true;
  }

  /**
   * Confirms what somebody watches, or what is stale, until the service fails again.
   * @param watched types, and `undefined` for all
   * @param everything also what nobody watches
   */
  async refresh(watched: ReadonlySet<string | undefined>, everything = false): Promise<void> {
    if (watched.has(undefined) && (everything || !this.#live || this.#options.clock.now() >= this.#list.until)) {
      await this.confirmList();
      if (this.#list.problem) return;
    }
    for (const answer of this.answers.all()) {
      if (answer.subject !== undefined) continue;
      const lapsed = !this.#live || !answer.isCurrent(this.#options.clock.now());
      if (!everything && !answer.problem && !(watched.has(answer.type) && lapsed)) continue;
      await this.confirm(answer);
      if (answer.problem) return;
    }
  }

  /** Asks the service about one answer, unless it is being asked. Rejects only when the cache has ended. */
  confirm(answer: Answer): Promise<void> {
    answer.flight ??= this.#ask(answer).finally(() => {
      answer.flight = undefined;
      if (answer.again) this.#behind(this.confirm(answer));
      answer.again = false;
    });
    this.#behind(answer.flight);
    return answer.flight;
  }

  /** As {@link confirm}, for all types at once. */
  confirmList(): Promise<void> {
    const list = this.#list;
    list.flight ??= this.#askList().finally(() => {
      list.flight = undefined;
      if (list.again) this.#behind(this.confirmList());
      list.again = false;
    });
    this.#behind(list.flight);
    return list.flight;
  }

  async #ask(answer: Answer): Promise<void> {
    const { settings, service, ended } = this.#options;
    const { type, subject, etag } = answer;
    const query = subject === undefined ? "" : `?subject=${encodeURIComponent(subject)}`;
    const question = {
      path: `executors/${type}${query}`,
      // Without the document, "unchanged" would say nothing.
      etag: answer.document && etag,
      limit: DOCUMENT_LIMIT,
      timeout: settings.timeout,
      parse: (json: unknown) => parseDocument(json, type),
    };
    try {
      const said = await service.ask(question, ended);
      this.state.ready();
      if (said.is === "unknown-type") return this.#deny(answer, said);
      if (said.is === "unchanged") return this.#confirmed(answer, answer.document);
      const target = said.shared ? this.answers.open(type) : answer;
      target.etag = said.etag;
      if (target.subject === undefined) target.shared = said.shared;
      this.#confirmed(target, said.value);
    } catch (error) {
      this.#fail(answer, this.#failure(error));
    }
  }

  async #askList(): Promise<void> {
    const { clock, settings, service, ended } = this.#options;
    const list = this.#list;
    const began = clock.now();
    const question = {
      path: "executors",
      etag: list.documents && list.etag,
      limit: LIST_LIMIT,
      timeout: settings.timeout * 10,
      parse: parseDocuments,
    };
    try {
      const said = await service.ask(question, ended);
      this.state.ready();
      if (said.is === "value") {
        list.documents = said.value;
        list.etag = said.etag;
        for (const answer of this.answers.all()) {
          const gone = answer.document && !said.value.has(answer.type) && answer.checked <= began;
          if (gone) this.#deny(answer, { knownTypes: said.value.keys() });
        }
      }
      const now = clock.now();
      Object.assign(list, { checked: now, until: now + this.#life(), problem: undefined, outdated: false });
      for (const document of list.documents?.values() ?? []) this.#listed(document, began);
    } catch (error) {
      const now = clock.now();
      const problem = this.#failure(error);
      Object.assign(list, { problem, until: now + settings.negativeTtl, outdated: false });
      for (const answer of this.answers.all()) if (answer.document) this.#fail(answer, problem);
    }
  }

  /** What the list says counts, unless the type itself was asked for later. */
  #listed(document: ExecutorDocument, began: number): void {
    const answer = this.answers.open(document.type);
    if (answer.checked > began && answer.document) return;
    const before = answer.document;
    this.#confirmed(answer, document);
    if (answer.document !== before) answer.etag = undefined;
  }

  #confirmed(answer: Answer, document: ExecutorDocument | undefined): void {
    const changed = document !== undefined && answer.confirm(document, this.#options.clock.now(), this.#life());
    this.answers.settle(answer);
    this.#options.onConfirmed?.();
    if (changed) this.#changed(answer);
  }

  #deny(answer: Answer, known: UnknownTypeFacts): void {
    const { clock, settings } = this.#options;
    const changed = answer.deny(new UnknownTypeError(answer.type, known), clock.now(), settings.negativeTtl);
    this.answers.settle(answer);
    this.#options.onConfirmed?.();
    if (changed) this.#changed(answer);
  }

  /** Leaves alone what counts without asking. */
  #fail(answer: Answer, problem: ExecutorRegistryError): void {
    const { clock, settings } = this.#options;
    const now = clock.now();
    if (answer.resolution && answer.isCurrent(now)) return;
    const changed = answer.fail(problem, now, settings.negativeTtl, settings.maxStale);
    this.answers.settle(answer);
    if (changed) this.#changed(answer);
  }

  #known(): readonly Resolution[] {
    const types = new Set(this.#list.documents?.keys());
    for (const { document, subject, type } of this.answers.all()) {
      if (document && subject === undefined) types.add(type);
    }
    return [...types].sort().flatMap((type) => this.answers.find(type)?.resolution ?? []);
  }

  #changed({ type, subject }: Answer): void {
    if (subject !== undefined) return;
    for (const listener of this.#listeners) listener(type);
  }

  #failure(error: unknown): ExecutorRegistryError {
    // What is no failure of the service's, such as the end of the resolver, goes to who waits.
    if (this.#options.ended.aborted || !(error instanceof ExecutorRegistryError)) throw error;
    this.state.lost(error);
    return error;
  }

  #life(): number {
    return this.#live ? LIFE_WITH_EVENTS : this.#options.settings.ttl;
  }

  #wait<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#options.ended.throwIfAborted();
    return signal ? untilAborted(promise, signal) : promise;
  }

  #behind(flight: Promise<void>): void {
    // Whoever waits gets the rejection; nobody waiting is no crash.
    flight.catch(() => {});
  }
}
