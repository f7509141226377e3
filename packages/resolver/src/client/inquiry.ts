import type { Clock } from "../tools/clock.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { UnknownTypeError, type UnknownTypeFacts } from "../contract/resolver-errors.ts";
import { SourceState } from "../contract/source-state.ts";
import type { Answer } from "./answer.ts";
import type { Answers } from "./answers.ts";
import { DOCUMENT_BYTES, type ExecutorDocument } from "../contract/executor-document.ts";
import { parseDocument } from "../contract/parse-document.ts";
import type { Question, ServiceAnswer } from "./request.ts";
import type { Service } from "./service.ts";
import type { RegistrySettings } from "./settings.ts";

/** How long answers count while events are received: those are hints, and one may get lost. */
const LIFE_WITH_EVENTS = 300_000;

/** How long an answer counts that is of before what another replica has said already: what is missing is there soon. */
const LIFE_BEHIND = 1000;
/** Milliseconds until it is asked for again: at first, and at most. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

export interface InquiryOptions {
  readonly service: Service;
  readonly settings: Pick<RegistrySettings, "ttl" | "negativeTtl" | "maxStale" | "timeout">;
  readonly answers: Answers;
  readonly clock: Clock;
  /** Ends all requests. */
  readonly ended: AbortSignal;
  /** Called whenever the service confirmed or denied something. */
  readonly onConfirmed: () => void;
}

/** Asks the service, and puts what it says into the answers. */
export class Inquiry {
  readonly state: SourceState;
  /** Whether changes come as events. */
  live = false;
  readonly #options: InquiryOptions;
  readonly #listeners = new Set<(type: string) => void>();
  /** Types about which the first question is under way. */
  readonly #first = new Map<string, { readonly answer: Answer; readonly asked: Promise<void> }>();

  constructor(options: InquiryOptions) {
    this.#options = options;
    this.state = new SourceState(options.clock);
  }

  /** How long an answer counts without asking, in milliseconds. */
  get life(): number {
    return this.live ? LIFE_WITH_EVENTS : this.#options.settings.ttl;
  }

  /** Calls back with a type whose answer without a subject changed. Returns how to stop it. */
  onChange(listener: (type: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks about one answer, unless that is being done. Rejects only when all has ended. */
  confirm(answer: Answer): Promise<void> {
    answer.flight ??= this.#inTurn(answer).finally(() => {
      answer.flight = undefined;
      const { again } = answer;
      answer.again = false;
      if (again) void this.confirm(answer);
    });
    // Callers get the rejection; without a caller it is not an unhandled one.
    answer.flight.catch(() => {});
    return answer.flight;
  }

  /** One request. What it learns of the service itself is in the {@link state}. @throws ExecutorRegistryError, or why all has ended */
  async ask<T>(question: Question<T>): Promise<ServiceAnswer<T>> {
    const { service, ended } = this.#options;
    try {
      const said = await service.ask(question, ended);
      this.state.ready();
      return said;
    } catch (error) {
      if (!ended.aborted && error instanceof ExecutorRegistryError) this.state.lost(error);
      throw error;
    }
  }

  /** @param said by whom */
  confirmed(answer: Answer, document: ExecutorDocument, said: { readonly behind?: true; readonly aged?: true }): void {
    const { answers, clock, settings, onConfirmed } = this.#options;
    const life = said.behind ? LIFE_BEHIND : said.aged ? settings.ttl : this.life;
    const changed = answer.confirm(document, clock.now(), Math.min(life, this.life));
    answers.settle(answer);
    onConfirmed();
    if (changed) this.#changed(answer);
  }

  denied(answer: Answer, known: UnknownTypeFacts): void {
    const { answers, clock, onConfirmed, settings } = this.#options;
    const changed = answer.deny(new UnknownTypeError(answer.type, known), clock.now(), settings.negativeTtl);
    answers.settle(answer);
    onConfirmed();
    if (changed) this.#changed(answer);
  }

  /** Leaves alone what counts without asking. Throws on what is no failure of the service's, such as the end. */
  failed(answer: Answer, problem: unknown): void {
    const { answers, clock, ended, settings } = this.#options;
    if (ended.aborted || !(problem instanceof ExecutorRegistryError)) throw problem;
    const now = clock.now();
    if (answer.resolution && answer.isCurrent(now)) return;
    const changed = answer.fail(problem, now, settings.negativeTtl, settings.maxStale);
    answers.settle(answer);
    if (changed) this.#changed(answer);
  }

  /** Until it is known whether a type's answer is the same for every subject, one question about it is enough. */
  async #inTurn(answer: Answer): Promise<void> {
    const { answers } = this.#options;
    const { type, subject } = answer;
    if (answers.sharing(type) !== undefined) return this.#ask(answer);
    const first = this.#first.get(type);
    if (!first) {
      const asked = this.#ask(answer).finally(() => this.#first.delete(type));
      this.#first.set(type, { answer, asked });
      return asked;
    }
    await first.asked;
    if (first.answer.problem) return this.failed(answer, first.answer.problem);
    // Where the answer is every subject's, it is this one's too.
    if (answers.find(type, subject) === answer) await this.#ask(answer);
  }

  async #ask(answer: Answer): Promise<void> {
    const { answers, settings } = this.#options;
    const { type, subject } = answer;
    const query = subject === undefined ? "" : `?subject=${encodeURIComponent(subject)}`;
    const question = {
      path: `executors/${type}${query}`,
      // Without the document, "unchanged" would say nothing.
      etag: answer.document && answer.etag,
      limit: DOCUMENT_BYTES,
      timeout: settings.timeout,
      parse: (json: unknown) => parseDocument(json, type),
    };
    try {
      const said = await this.ask(question);
      if (said.is === "value") {
        answers.learn(type, said.shared);
        const target = said.shared ? answers.open(type) : answer;
        target.etag = said.etag;
        if (target.subject === undefined) target.shared = said.shared;
        this.confirmed(target, said.value, said);
      } else if (said.is === "unchanged") {
        if (answer.document) this.confirmed(answer, answer.document, said);
      } else {
        this.#unknown(answer, said);
      }
      if (said.behind) this.#askAgain(answer);
      else answer.behind = 0;
    } catch (error) {
      this.failed(answer, error);
    }
  }

  /** Nobody else says when who answered knows what it did not. */
  #askAgain(answer: Answer): void {
    const { clock, ended } = this.#options;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** answer.behind);
    answer.behind += 1;
    if (answer.waits) return;
    answer.waits = true;
    clock
      .sleep(pause, ended)
      .finally(() => (answer.waits = false))
      .then(() => this.confirm(answer))
      .catch(() => {});
  }

  #unknown(answer: Answer, said: UnknownTypeFacts & { readonly incomplete: readonly string[] }): void {
    const { answers } = this.#options;
    const plain = answers.open(answer.type);
    const both = new Set([plain, answer]);
    if (said.incomplete.length > 0 && (plain.document || answer.document)) {
      // The service may only have been unable to read it: what was good goes on, as stale.
      for (const kept of both) this.failed(kept, new UnknownTypeError(answer.type, said));
      return;
    }
    // Unknown is unknown to every subject.
    answers.learn(answer.type, true);
    plain.shared = true;
    for (const unknown of both) this.denied(unknown, said);
  }

  #changed({ type, subject }: Answer): void {
    if (subject !== undefined) return;
    for (const listener of this.#listeners) listener(type);
  }
}
