import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { backoff, untilAborted } from "@executor-registry/resolver/internal";
import { StoreError } from "../../journal/store-errors.ts";
import type { RedisAccess } from "./redis-client.ts";
import { isElsewhere, isPassing, isReply, problemText, redisError } from "./redis-errors.ts";
import { connectPrimary, type Primary } from "./redis-primary.ts";

/** Milliseconds in which a lost connection, and whatever was asked over it, is tried again. */
const BUDGET_MS = 5000;
/** Milliseconds for which a start waits for a server. */
const OPEN_MS = 60_000;
const FIRST_MS = 50;
const LONGEST_MS = 1000;

/** What a connection works with. */
export interface ConnectionContext {
  readonly access: RedisAccess;
  /** Which server is the primary is asked with this key. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
}

/** One connection to whichever server is the primary; made on use, and again after it was lost. */
export class RedisConnection {
  readonly #context: ConnectionContext;
  readonly #closed = new AbortController();
  #primary: Primary | undefined;
  #connecting: Promise<Primary> | undefined;
  #lost = false;

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  get #description(): string {
    return this.#context.access.address.description;
  }

  /**
   * Connects for the first time, waiting for a server that is away or loads its data.
   * @throws StoreError at once for what does not pass by itself, as a wrong password
   */
  async open<T>(task: (primary: Primary) => Promise<T>): Promise<T> {
    let said = "";
    const again = (problem: unknown): boolean => {
      if (!isPassing(problem)) return false;
      const text = problemText(problem);
      if (text !== said) {
        const message = `waiting up to ${OPEN_MS / 1000} s for the store: ${text}`;
        this.#context.log.warn({ store: this.#description }, message);
      }
      said = text;
      return true;
    };
    return this.#retrying(OPEN_MS, again, task);
  }

  /**
   * Does what may be done twice: where the connection is lost meanwhile, or the server is no primary any more, on the next one.
   * @throws StoreError, or what the task throws
   */
  run<T>(task: (primary: Primary) => Promise<T>): Promise<T> {
    const again = (problem: unknown, connected: boolean): boolean =>
      connected ? isElsewhere(problem) || isReply(problem, "BUSY") : isPassing(problem);
    return this.#retrying(BUDGET_MS, again, task);
  }

  async #retrying<T>(
    budget: number,
    again: (problem: unknown, connected: boolean) => boolean,
    task: (primary: Primary) => Promise<T>,
  ): Promise<T> {
    const { clock, random } = this.#context;
    const { signal } = this.#closed;
    const until = clock.now() + budget;
    for (let failures = 0; ; failures += 1) {
      let primary: Primary | undefined;
      try {
        if (signal.aborted) throw new StoreError(this.#description, "it is closed", { retryable: false });
        primary = await this.#connected();
        return await task(primary);
      } catch (problem) {
        if (isElsewhere(problem) && primary !== undefined) this.#drop(primary, problem);
        const wait = backoff(failures, random, LONGEST_MS, FIRST_MS);
        const late = signal.aborted || clock.now() + wait > until;
        if (late || !again(problem, primary !== undefined)) throw redisError(this.#description, problem);
        await clock.sleep(wait, signal).catch(() => {});
      }
    }
  }

  async #connected(): Promise<Primary> {
    const { signal } = this.#closed;
    if (this.#primary?.client.isReady) return this.#primary;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return untilAborted(this.#connecting, signal);
  }

  async #connect(): Promise<Primary> {
    const { access, key, log } = this.#context;
    const primary = await connectPrimary(access, key);
    if (this.#closed.signal.aborted) {
      primary.client.destroy();
      throw new StoreError(this.#description, "it is closed", { retryable: false });
    }
    primary.client.on("error", (problem: unknown) => this.#drop(primary, problem));
    this.#primary = primary;
    if (this.#lost) log.info({ store: this.#description }, "the store can be reached again");
    this.#lost = false;
    return primary;
  }

  #drop(primary: Primary, problem: unknown): void {
    if (this.#primary !== primary) return;
    this.#primary = undefined;
    primary.client.destroy();
    if (!this.#lost)
      this.#context.log.warn(
        { store: this.#description, code: "store" },
        `the store was lost: ${problemText(problem)}`,
      );
    this.#lost = true;
  }

  /** What is being asked ends with an error. */
  close(): void {
    this.#closed.abort(new StoreError(this.#description, "it is closed", { retryable: false }));
    this.#primary?.client.destroy();
    this.#primary = undefined;
  }
}
