import { backoff, untilAborted } from "@executor-registry/resolver/internal";
import type { ConnectionContext } from "./redis-connection.ts";
import { connectPrimary } from "./redis-primary.ts";

const FIRST_MS = 50;
const LONGEST_MS = 5000;

/** Hears what is published when somebody appends, on a connection of its own, as long as somebody watches. */
export class RedisAnnouncements {
  readonly #context: ConnectionContext;
  readonly #channel: string;
  readonly #watchers = new Set<() => void>();
  #listening: AbortController | undefined;
  #subscribed = false;

  constructor(context: ConnectionContext, channel: string) {
    this.#context = context;
    this.#channel = channel;
  }

  /** Whether appends are heard of, as of now. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  watch(wake: () => void): () => void {
    // Two may watch with the same function.
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    if (this.#listening === undefined) {
      this.#listening = new AbortController();
      void this.#listen(this.#listening.signal);
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.close();
    };
  }

  close(): void {
    this.#listening?.abort();
    this.#listening = undefined;
  }

  /** A connection that cannot be made is no error: those who watch ask more often meanwhile. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#hear(signal, () => (failures = 0));
      } catch {
        if (signal.aborted) return;
      }
      await clock.sleep(backoff(failures, random, LONGEST_MS, FIRST_MS), signal).catch(() => {});
    }
  }

  /** Until the connection ends. */
  async #hear(signal: AbortSignal, connected: () => void): Promise<void> {
    const { access, key } = this.#context;
    const connecting = connectPrimary(access, key);
    // One that is made when nobody waits for it any more ends at once.
    connecting.then(
      ({ client }) => signal.aborted && client.destroy(),
      () => {},
    );
    const { client } = await untilAborted(connecting, signal);
    const ended = new Promise<void>((resolve) => client.once("error", () => resolve()).once("end", () => resolve()));
    try {
      await client.subscribe(this.#channel, () => this.#wake());
      this.#subscribed = true;
      connected();
      // What was appended meanwhile was not heard.
      this.#wake();
      await untilAborted(ended, signal);
    } finally {
      this.#subscribed = false;
      client.destroy();
    }
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
