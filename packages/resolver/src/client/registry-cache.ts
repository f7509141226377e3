import { untilAborted } from "../tools/time-limit.ts";
import type { Logger } from "../tools/logger.ts";
import type { Resolution } from "../contract/resolution.ts";
import { Inquiry, type InquiryOptions } from "./inquiry.ts";
import { TypeList } from "./type-list.ts";

export interface RegistryCacheOptions extends InquiryOptions {
  /** Settles when what was kept for a cold start has been put into `answers`. */
  readonly restored: Promise<unknown>;
  readonly log: Logger;
}

/** The service's answers in memory: which count, which are asked for again, which have become too old. */
export class RegistryCache {
  readonly inquiry: Inquiry;
  readonly #list: TypeList;
  readonly #options: RegistryCacheOptions;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    this.inquiry = new Inquiry(options);
    this.#list = new TypeList({ ...options, inquiry: this.inquiry });
  }

  /** What can be given without asking anybody. */
  peek(type: string, subject: string | undefined): Promise<Resolution> | undefined {
    const answer = this.#options.answers.find(type, subject);
    return answer?.isCurrent(this.#options.clock.now()) ? answer.promise : undefined;
  }

  /** What {@link peek} gives, or an answer that may be confirmed behind, or what the service says. */
  async get(type: string, subject: string | undefined, signal?: AbortSignal): Promise<Resolution> {
    const { answers, clock, restored, settings } = this.#options;
    await this.#wait(restored, signal);
    const answer = answers.open(type, subject);
    const now = clock.now();
    if (answer.promise && answer.isCurrent(now)) return answer.promise;
    const flight = this.inquiry.confirm(answer);
    if (answer.promise && answer.servesMeanwhile(now, this.inquiry.life, settings.maxStale)) return answer.promise;
    await this.#wait(flight, signal);
    // The service may have said meanwhile that every subject's answer is the same, or that it no longer is.
    const found = answers.find(type, subject);
    if (!found && subject !== answer.subject) return this.get(type, subject, signal);
    const own = found ?? answer;
    const plain = answers.find(type);
    const { problem } = own;
    if (!problem || own.document || !plain?.document) return own.outcome(clock.now(), settings.maxStale);
    // While the service is away, a new subject gets what its type was last known to be.
    this.inquiry.failed(plain, problem);
    return plain.outcome(clock.now(), settings.maxStale);
  }

  /** Whether {@link list} would ask nobody. */
  get isListed(): boolean {
    return this.#list.isCurrent();
  }

  /** Every known type's resolution, sorted by type. */
  async list(signal?: AbortSignal): Promise<readonly Resolution[]> {
    await this.#wait(this.#options.restored, signal);
    return this.#list.resolutions(signal);
  }

  /** What is known of a type, however old; asks only if nothing is. */
  async known(type: string): Promise<Resolution | undefined> {
    const { answers, clock, restored } = this.#options;
    await this.#wait(restored);
    const answer = answers.open(type);
    if (!answer.resolution && !answer.isCurrent(clock.now())) await this.inquiry.confirm(answer);
    if (!answer.resolution && answer.problem) throw answer.problem;
    return answer.resolution;
  }

  /** Answers count for longer while changes come as events. @param heard when the last sign of life came */
  live(live: boolean, heard: number): void {
    this.inquiry.live = live;
    if (live) return;
    const { answers, clock, settings } = this.#options;
    const now = clock.now();
    for (const answer of answers.all()) answer.extend(heard, now, settings.ttl);
    this.#list.shorten(settings.ttl);
  }

  /** A type, or all, may have changed. */
  expire(type?: string): void {
    const { answers } = this.#options;
    for (const answer of type === undefined ? answers.all() : answers.ofType(type)) answer.expire();
    this.#list.expire();
  }

  /**
   * Confirms what somebody watches, or what is stale, until the service fails again.
   * @param watched types, and `undefined` for all
   * @param everything also what is not watched
   */
  async refresh(watched: ReadonlySet<string | undefined>, everything = false): Promise<void> {
    const { answers, clock } = this.#options;
    const { live } = this.inquiry;
    if (watched.has(undefined) && (everything || !live || !this.#list.isCurrent())) {
      await this.#list.confirm();
      if (this.#list.problem) return;
    }
    for (const answer of answers.all()) {
      if (answer.subject !== undefined) continue;
      const lapsed = !live || !answer.isCurrent(clock.now());
      if (!everything && !answer.problem && !(watched.has(answer.type) && lapsed)) continue;
      await this.inquiry.confirm(answer);
      if (answer.problem) return;
    }
  }

  #wait<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#options.ended.throwIfAborted();
    return signal ? untilAborted(promise, signal) : promise;
  }
}
