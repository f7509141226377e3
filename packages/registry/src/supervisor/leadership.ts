import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Clock, Logger } from "@executor-registry/resolver";
import { whenAborted, withTimeLimit } from "@executor-registry/resolver/internal";
import type { Sharing } from "../journal/store.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** Milliseconds that a lease holds without being renewed. */
const LEASE_MS = 15_000;
/** Milliseconds after the last renewal at which the holder steps down: well before another one may take over. */
const STEP_DOWN_MS = 10_000;
/** Milliseconds between renewals, and between the attempts of others. */
const RENEW_MS = 2000;
/** Milliseconds that one attempt may take. */
const ATTEMPT_MS = 4000;

const LEASE = "leader";

export interface LeadershipOptions {
  /** What the store offers; a service that has its store alone leads always. */
  readonly sharing: Sharing | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the leader has others know. */
  readonly note: () => string;
}

/**
 * Which of several services scans, judges what falls due and delivers the journal. It saves work and nothing else: two that lead at once
 * write what the other wrote already, and conflicts show it.
 */
export class Leadership {
  /** What this service is called in the lease: unique for each start. */
  readonly replica = `${hostname()}/${randomUUID().slice(0, 8)}`;
  readonly #options: LeadershipOptions;
  #leader: string | undefined;
  #note: string | undefined;
  #renewed = -Infinity;
  /** Aborts when it does not lead any more; `undefined` while it does not lead. */
  #term: AbortController | undefined;
  #changed = new AbortController();
  readonly #ending = new AbortController();

  constructor(options: LeadershipOptions) {
    this.#options = options;
    if (options.sharing === undefined) this.#term = new AbortController();
  }

  /** Whether this service leads. */
  get leading(): boolean {
    return this.#term !== undefined;
  }

  /** Who leads, as of the last time that the store was asked. */
  get leader(): string | undefined {
    return this.#leader;
  }

  /** What the leader has others know; what the last one did, while there is none. */
  get noted(): string | undefined {
    return this.#note;
  }

  /** Asks once. Never rejects: where the store cannot be asked, others lead, or nobody. */
  async ask(): Promise<void> {
    const { sharing, clock, log, note } = this.#options;
    if (sharing === undefined) return;
    const began = clock.now();
    try {
      const late = () => new Error(`the store has not answered within ${ATTEMPT_MS} ms`);
      const lease = await withTimeLimit({ clock, ms: ATTEMPT_MS, signal: this.#ending.signal, late }, () =>
        sharing.lease(LEASE, this.replica, LEASE_MS, note()),
      );
      const mine = lease.holder === this.replica;
      if (mine) this.#renewed = began;
      this.#leader = lease.holder;
      this.#note = lease.note;
      if (mine !== this.leading) this.#set(mine);
    } catch (error) {
      log.debug(problemFields(error), "the lease could not be asked for");
      if (this.leading && clock.now() - this.#renewed >= STEP_DOWN_MS) this.#set(false);
    }
  }

  /** Keeps asking until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { sharing, clock } = this.#options;
    if (sharing === undefined) return;
    while (!signal.aborted) {
      await this.ask();
      await clock.sleep(RENEW_MS, signal).catch(() => {});
    }
  }

  /** Runs a task whenever, and for as long as, this service leads. Resolves when the task does, or the signal aborts. @throws what the task throws */
  async whileLeading(task: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const term = this.#term?.signal;
      if (term === undefined) {
        await whenAborted(AbortSignal.any([signal, this.#changed.signal]));
        continue;
      }
      try {
        await task(AbortSignal.any([signal, term]));
        if (!term.aborted) return;
      } catch (error) {
        if (!term.aborted || signal.aborted) throw error;
      }
    }
  }

  /** Lets another one lead at once. */
  async end(): Promise<void> {
    const { sharing } = this.#options;
    this.#ending.abort(new Error("the service ends"));
    if (sharing === undefined || !this.leading) return;
    this.#set(false);
    await sharing.release(LEASE, this.replica);
  }

  #set(leading: boolean): void {
    const { log, clock } = this.#options;
    const fields = { replica: this.replica };
    if (leading) {
      this.#term = new AbortController();
      log.info(fields, "this replica leads: it scans, and judges what falls due");
    } else {
      const [term, ms] = [this.#term, clock.now() - this.#renewed];
      this.#term = undefined;
      log.info({ ...fields, leader: this.#leader, renewedMsAgo: ms }, "this replica does not lead any more");
      term?.abort(new Error("another replica leads"));
    }
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
  }
}
