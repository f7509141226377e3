import { backoff } from "@executor-registry/resolver/internal";
import { Caller, type Outcome, type Replicas, type StreamEvent } from "./replicas.ts";
import type { Timeline } from "./timeline.ts";

// The library's client as a model: `client/{answer,inquiry,registry-cache,registry-resolver,events,breaker}.ts` without promises. Small
// fleets of the library itself run through the same scenarios, and have to come to the same figures.

/** While events come. */
const LIFE_WITH_EVENTS_MS = 300_000;
/** Until an answer that could not be confirmed is asked for again. */
const RETRY_MS = 5000;
const LONGEST_BACKOFF_MS = 30_000;
const SPREAD_MS = 1000;
/** Failures in a row until an address is left alone. */
const FAILURES = 3;
/** Answers that are not what an event said. */
const ASKED_AGAIN = 5;
const SILENCE_MS = 45_000;

export interface DispatcherOptions {
  readonly timeline: Timeline;
  readonly random: () => number;
  readonly replicas: Replicas;
  /** The types it uses. */
  readonly types: readonly number[];
  /** Milliseconds between two uses of a type, on average. */
  readonly useEvery: number;
  readonly ttl: number;
  readonly events: boolean;
}

interface Answer {
  readonly type: number;
  version: number | undefined;
  checked: number;
  until: number;
  problem: boolean;
  flight: boolean;
  again: boolean;
  /** The last event about its type. */
  told: StreamEvent | undefined;
  /** Makes uses that were planned before count no more. */
  plan: number;
  waiting: (() => void)[];
}

/** A dispatcher that uses its types at random moments. Cached uses are not simulated: only the first after an answer lapsed matters. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #caller = new Caller();
  readonly #answers: readonly Answer[];
  readonly #breaker = { failures: 0, waits: 0, open: undefined as { until: number } | undefined, probing: false };
  #live = false;
  #lastId: number | undefined;
  #heard = 0;
  #since = 0;
  #waits = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#answers = options.types.map((type) => ({
      type,
      version: undefined,
      checked: 0,
      until: 0,
      problem: false,
      flight: false,
      again: false,
      told: undefined,
      plan: 0,
      waiting: [],
    }));
    for (const answer of this.#answers) this.#plan(answer);
    this.#poll();
    if (options.events) this.#listen();
  }

  get #now(): number {
    return this.#options.timeline.now;
  }

  /** The next use that asks. Uses have no memory, so it comes as long after the answer lapsed as after any other moment. */
  #plan(answer: Answer): void {
    const { timeline, random, useEvery } = this.#options;
    const plan = (answer.plan += 1);
    timeline.at(Math.max(this.#now, answer.until) - Math.log(1 - random()) * useEvery, () => {
      if (answer.plan === plan && !answer.flight) this.#confirm(answer);
    });
  }

  #hold(answer: Answer, until: number): void {
    answer.until = until;
    this.#plan(answer);
  }

  #confirm(answer: Answer, then?: () => void): void {
    if (then) answer.waiting.push(then);
    if (answer.flight) return;
    answer.flight = true;
    const { replicas } = this.#options;
    if (!this.#allows()) return this.#landed(answer, { is: "unreachable" }, false);
    replicas.ask(this.#caller, answer.type, answer.version, (outcome) => this.#landed(answer, outcome, true));
  }

  #landed(answer: Answer, outcome: Outcome, asked: boolean): void {
    const { ttl } = this.#options;
    if (outcome.is === "answer") {
      this.#answered();
      answer.version = outcome.version;
      answer.problem = false;
      answer.checked = this.#now;
      this.#hold(answer, this.#now + (this.#live ? LIFE_WITH_EVENTS_MS : ttl));
    } else {
      if (asked) this.#failed(outcome.is === "timeout");
      if (answer.version === undefined || this.#now >= answer.until) {
        answer.problem = true;
        // Without a document there is nothing to hold: each use asks again.
        this.#hold(answer, answer.version === undefined ? 0 : this.#now + RETRY_MS);
      } else this.#plan(answer);
    }
    answer.flight = false;
    const waiting = answer.waiting.splice(0);
    if (answer.again) {
      answer.again = false;
      this.#confirm(answer);
    }
    for (const then of waiting) then();
  }

  #expire(answer: Answer): void {
    answer.until = 0;
    if (answer.flight) answer.again = true;
    else this.#plan(answer);
  }

  /** Asks again while the replica that is asked is behind the one that sent the event. */
  #follow(answer: Answer, said: StreamEvent, asked = 0): void {
    const { timeline, random } = this.#options;
    this.#expire(answer);
    const then = (): void => {
      if (answer.flight) return void answer.waiting.push(then);
      if (answer.told !== said || answer.problem || answer.version === said.version || asked === ASKED_AGAIN) return;
      timeline.after(backoff(asked, random, LONGEST_BACKOFF_MS), () => this.#follow(answer, said, asked + 1));
    };
    this.#confirm(answer, then);
  }

  /** One after the other, until one fails. */
  #refresh(everything: boolean, index = 0, done?: () => void): void {
    const answer = this.#answers[index];
    if (!answer) return done?.();
    if (!answer.problem && !(everything && answer.version !== undefined))
      return this.#refresh(everything, index + 1, done);
    this.#confirm(answer, () => (answer.problem ? done?.() : this.#refresh(everything, index + 1, done)));
  }

  #poll(): void {
    const { timeline, random, ttl } = this.#options;
    timeline.after(ttl * (0.9 + 0.2 * random()), () => this.#refresh(false, 0, () => this.#poll()));
  }

  #listen(): void {
    const { timeline, replicas, random, ttl } = this.#options;
    let connected = false;
    const alive = (): void => {
      this.#heard = this.#now;
    };
    const event = (sent: StreamEvent): void => {
      this.#lastId = sent.id;
      const answer = this.#answers.find(
        ({ type, version, flight }) => type === sent.type && (version !== undefined || flight),
      );
      if (!answer) return;
      answer.told = sent;
      this.#follow(answer, sent);
    };
    replicas.listen(this.#caller, this.#lastId, {
      connected: (id, events) => {
        connected = true;
        alive();
        this.#since = this.#now;
        this.#answered();
        this.#live = true;
        this.#refresh(this.#lastId === undefined);
        if (id !== undefined) {
          this.#lastId = id;
          for (const answer of this.#answers) if (answer.version !== undefined || answer.flight) this.#expire(answer);
          this.#refresh(true);
        }
        for (const missed of events) event(missed);
      },
      event: (sent) => {
        alive();
        event(sent);
      },
      heartbeat: alive,
      ended: ({ retryAfter }) => {
        if (connected) this.#lost(ttl);
        const wait = backoff(this.#waits, random, LONGEST_BACKOFF_MS);
        this.#waits += 1;
        timeline.after(retryAfter === undefined ? wait : retryAfter + random() * SPREAD_MS, () => this.#listen());
      },
    });
  }

  #lost(ttl: number): void {
    this.#live = false;
    for (const answer of this.#answers) {
      if (answer.problem || answer.version === undefined || this.#now >= answer.until) continue;
      answer.checked = Math.max(answer.checked, this.#heard);
      this.#hold(answer, answer.checked + ttl);
    }
    if (this.#heard - this.#since >= SILENCE_MS) this.#waits = 0;
  }

  #allows(): boolean {
    const breaker = this.#breaker;
    if (!breaker.open) return true;
    if (breaker.probing || this.#now < breaker.open.until) return false;
    return (breaker.probing = true);
  }

  #answered(): void {
    Object.assign(this.#breaker, { failures: 0, waits: 0, open: undefined, probing: false });
  }

  #failed(timeout: boolean): void {
    const breaker = this.#breaker;
    breaker.failures += 1;
    if (breaker.open && !breaker.probing) return;
    breaker.probing = false;
    if (!breaker.open && !timeout && breaker.failures < FAILURES) return;
    breaker.open = { until: this.#now + backoff(breaker.waits, this.#options.random, LONGEST_BACKOFF_MS) };
    breaker.waits += 1;
  }
}
