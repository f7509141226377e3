import { createHash } from "node:crypto";
import type { Clock, Logger } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import type { Client } from "pg";
import { type Connections, queryOn } from "./postgres-connections.ts";
import { passesByItself, postgresError } from "./postgres-errors.ts";
import { quoted } from "./postgres-text.ts";

/** Milliseconds between two questions where entries are announced, and where they are not. */
const ANNOUNCED_MS = 150;
const UNANNOUNCED_MS = 100;
/** Milliseconds until an announcement of our own has come back, unless something in between keeps it. */
const PROBE_MS = 2000;
/** Milliseconds after which it is tried again. */
const PROBE_AGAIN_MS = 300_000;
/** Milliseconds between two proofs that the connection is there: a network forgets those that are silent. */
const HEARTBEAT_MS = 30_000;
const LONGEST_RETRY_MS = 30_000;
/** Bytes of a channel's name. */
const LONGEST_CHANNEL = 63;

/** Where the entries of a schema are announced. */
export function channelOf(schema: string): string {
  const plain = `executor_registry:${schema}`;
  if (Buffer.byteLength(plain) <= LONGEST_CHANNEL) return plain;
  return `executor_registry:${createHash("sha256").update(schema).digest("hex").slice(0, 32)}`;
}

/** How entries are announced, and to whom. */
export interface Announcements {
  readonly description: string;
  readonly channel: string;
  /** What ends the announcements of one's own appends, which one needs not be told. */
  readonly writer: string;
  readonly connections: Connections;
  /** Makes a client of the server itself, not yet connected. */
  listener(): Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly closing: AbortSignal;
}

/** What an announcement begins with that is of no entry: its sender looks whether it arrives. */
const PROBE = "probe ";

/** Calls those who watch when others have appended, as long as it is told so; it says once when it is not, and when it is again. */
export class Watch {
  readonly #how: Announcements;
  readonly #watchers = new Set<() => void>();
  #announced = false;
  #running: Promise<void> | undefined;
  /** What was logged last, unless all is well. */
  #said: string | undefined;

  constructor(how: Announcements) {
    this.#how = how;
  }

  get pollMs(): number {
    return this.#announced ? ANNOUNCED_MS : UNANNOUNCED_MS;
  }

  /** The first who watches starts it. */
  watch(wake: () => void): () => void {
    // Two may watch with the same function.
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    this.#running ??= this.#run();
    return () => this.#watchers.delete(watcher);
  }

  /** Resolves when nothing listens any more, once it is closing. */
  async ended(): Promise<void> {
    await this.#running;
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #run(): Promise<void> {
    const { clock, closing } = this.#how;
    for (let failures = 0; !closing.aborted; failures++) {
      let wait = backoff(failures, Math.random, LONGEST_RETRY_MS);
      try {
        const heard = await this.#listen(() => (failures = 0));
        if (!heard) wait = PROBE_AGAIN_MS;
      } catch (problem) {
        if (closing.aborted) return;
        // What passes by itself is told once: it begins with a lost connection, and goes on with ones that are refused.
        if (this.#said === undefined || !passesByItself(problem))
          this.#say(postgresError(this.#how.description, problem).message);
      }
      this.#announced = false;
      await clock.sleep(wait, closing).catch(() => {});
    }
  }

  /**
   * Listens until the connection is lost.
   * @param began is called when it does
   * @returns false when nothing came that should have come
   */
  async #listen(began: () => void): Promise<boolean> {
    const { channel, writer, connections, clock, closing } = this.#how;
    const client = this.#how.listener();
    const over = new AbortController();
    const probe = `${PROBE}${writer} ${clock.now()}`;
    let answer = (_heard: boolean): void => {};
    const heard = new Promise<boolean>((resolve) => (answer = resolve));
    const lost = new Promise<never>((_, reject) => {
      client.on("error", reject);
      client.on("end", () => reject(new Error("Connection terminated")));
    });
    lost.catch(() => {});
    client.on("notification", ({ payload = "" }) => {
      if (payload === probe) answer(true);
      else if (!payload.startsWith(PROBE) && !payload.endsWith(` ${writer}`)) this.#wake();
    });
    const stop = (): void => over.abort();
    closing.addEventListener("abort", stop, { once: true });
    try {
      await client.connect();
      const query = queryOn(client);
      await query(`LISTEN ${quoted(channel)}`);
      await connections.once((other) => other("SELECT pg_notify($1, $2)", [channel, probe]));
      const late = (): void => answer(false);
      clock.sleep(PROBE_MS, over.signal).then(late, late);
      if (!(await Promise.race([heard, lost]))) {
        // What is in between may have given the server's connection to others.
        await query(`UNLISTEN ${quoted(channel)}`);
        if (!closing.aborted) this.#unheard();
        return false;
      }
      this.#announced = true;
      began();
      this.#well();
      // Others may have appended while nothing listened.
      this.#wake();
      for (;;) {
        await Promise.race([clock.sleep(HEARTBEAT_MS, over.signal), lost]);
        await query("SELECT 1");
      }
    } finally {
      over.abort();
      closing.removeEventListener("abort", stop);
      client.end().catch(() => {});
    }
  }

  #unheard(): void {
    this.#say(
      "announcements of entries do not arrive; is the address a pooler's, as PgBouncer's? Name the server's own as the store's `direct`",
    );
  }

  #say(problem: string): void {
    if (this.#said === problem) return;
    this.#said = problem;
    const { log, description } = this.#how;
    log.warn(
      { store: description, code: "store", problem },
      `nobody announces what others append: asking every ${UNANNOUNCED_MS} ms`,
    );
  }

  #well(): void {
    if (this.#said === undefined) return;
    this.#said = undefined;
    this.#how.log.info({ store: this.#how.description }, "what others append is announced again");
  }
}
