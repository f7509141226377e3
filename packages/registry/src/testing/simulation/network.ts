import type { Entry, SnapshotPart } from "../../journal/entry.ts";
import { ConflictError, StoreError } from "../../journal/store-errors.ts";
import type { Store } from "../../journal/store.ts";
import { sharedMemoryStore } from "../../stores/testing/shared-memory.ts";
import { checkSnapshot } from "./content.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

/** Milliseconds that a message is late at most. */
const MAX_DELAY_MS = 120_000;
/** Milliseconds between two questions of a replica whether others have appended. */
const POLL_MS = 40_000;

/** What happened between replicas and their store. */
export interface NetworkCounts {
  requests: number;
  conflicts: number;
  lostRequests: number;
  lostReplies: number;
  /** Copies of a request that arrived later than the replica gave it up, or a second time. */
  lateCopies: number;
  lostAnnouncements: number;
  snapshots: number;
}

/**
 * One store, and a network between it and its replicas that loses, delays, repeats and reorders. Each request is in three steps, with an
 * await point before each: it arrives, the store does it, the reply arrives.
 */
export class Network {
  readonly scheduler: Scheduler;
  /** The store itself, as it is. */
  readonly store: Store = sharedMemoryStore();
  /** Whether anything is lost, late or repeated. */
  faulty = true;
  /** What becomes of a request that is under way when its sender is killed. @default one or the other */
  afterDeath: "arrives" | "is lost" | undefined;
  readonly counts: NetworkCounts = {
    requests: 0,
    conflicts: 0,
    lostRequests: 0,
    lostReplies: 0,
    lateCopies: 0,
    lostAnnouncements: 0,
    snapshots: 0,
  };
  /** After how many steps each entry was written. */
  readonly written = new Map<number, number>();

  readonly #wrong: (problem: unknown) => void;

  /** @param wrong called with what must not happen */
  constructor(scheduler: Scheduler, wrong: (problem: unknown) => void) {
    this.#wrong = wrong;
    this.scheduler = scheduler;
  }

  /** The store as a replica reaches it. */
  connect(owner: Owner): Store {
    const { store, scheduler } = this;
    const { sharing } = store;
    const ask = <T>(task: () => Promise<T>): Promise<T> => this.#request(owner, task);
    const write = (task: () => Promise<void>, again: boolean): Promise<void> =>
      this.#request(owner, task, { again, late: task });
    const save: Store["saveSnapshot"] = async (...saved) => {
      await store.saveSnapshot(...saved);
      this.counts.snapshots += 1;
      await checkSnapshot(store).catch(this.#wrong);
    };
    if (sharing === undefined) throw new TypeError("the store is for one alone");
    return {
      description: "simulated:",
      findings: [],
      head: () => ask(() => store.head()),
      append: (expected, entries) => write(() => this.#append(expected, entries), true),
      read: (after, limit) => ask(() => store.read(after, this.faulty ? 1 + scheduler.below(limit % 20) : limit)),
      list: (filter) => ask(() => store.list(filter)),
      saveSnapshot(snapshot, parts, complete) {
        const all = [...parts];
        return write(() => save(snapshot, all, complete), false);
      },
      async loadSnapshot(take, format) {
        const parts: SnapshotPart[] = [];
        const snapshot = await ask(async () => {
          parts.length = 0;
          return store.loadSnapshot((part) => void parts.push(part), format);
        });
        for (const part of parts) take(part);
        return snapshot;
      },
      cursor: (name) => ask(() => store.cursor(name)),
      saveCursor: (name, sequence) => ask(() => store.saveCursor(name, sequence)),
      close: () => Promise.resolve(),
      sharing: {
        ...sharing,
        pollMs: POLL_MS,
        watch: (wake) => sharing.watch(() => void this.#announce(owner, wake)),
      },
    };
  }

  async #append(expected: Parameters<Store["append"]>[0], entries: readonly Entry[]): Promise<void> {
    const before = await this.store.head();
    try {
      await this.store.append(expected, entries);
    } catch (error) {
      if (error instanceof ConflictError) this.counts.conflicts += 1;
      throw error;
    }
    for (const { sequence } of entries)
      if (sequence > before.sequence) this.written.set(sequence, this.scheduler.steps);
  }

  /** @param again whether a store sends it again, where the reply is lost @param late what a copy does that arrives some other time */
  async #request<T>(
    owner: Owner,
    task: () => Promise<T>,
    { again = false, late }: { readonly again?: boolean; readonly late?: () => Promise<void> } = {},
  ): Promise<T> {
    const { scheduler, counts } = this;
    if (owner.dead) return never();
    counts.requests += 1;
    for (;;) {
      await this.#transit();
      if (owner.dead ? this.#isLostAfterDeath() : this.#happens(0.04)) {
        counts.lostRequests += 1;
        if (late && this.#happens(0.5)) void this.#late(late);
        if (owner.dead) return never();
        throw new StoreError("simulated:", "the connection was lost; it may have been written");
      }
      if (late && this.#happens(0.05)) void this.#late(late);
      const outcome = await task().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      await this.#transit();
      if (owner.dead) return never();
      if (!this.#happens(0.06)) {
        if ("error" in outcome) throw outcome.error;
        return outcome.value;
      }
      counts.lostReplies += 1;
      // A store may send an append again, since it knows its own.
      if (again && scheduler.chance(0.5)) continue;
      throw new StoreError("simulated:", "the connection was lost; it may have been written");
    }
  }

  /** On the way, whoever sent it. */
  #transit(): Promise<void> {
    const { scheduler } = this;
    return scheduler.point(undefined, this.#happens(0.05) ? scheduler.below(MAX_DELAY_MS) : 0);
  }

  /** A copy of a request that arrives some time, or never. Nobody waits for it. */
  async #late(task: () => Promise<unknown>): Promise<void> {
    await this.scheduler.point(undefined, this.scheduler.chance(0.5) ? this.scheduler.below(MAX_DELAY_MS) : 0);
    this.counts.lateCopies += 1;
    await task().catch(() => {});
  }

  async #announce(owner: Owner, wake: () => void): Promise<void> {
    for (let copies = this.#happens(0.1) ? 2 : 1; copies > 0; copies -= 1) {
      if (this.#happens(0.3)) {
        this.counts.lostAnnouncements += 1;
        continue;
      }
      await this.scheduler.point(owner);
      wake();
    }
  }

  #isLostAfterDeath(): boolean {
    return this.afterDeath === undefined ? this.#happens(0.5) : this.afterDeath === "is lost";
  }

  #happens(probability: number): boolean {
    return this.faulty && this.scheduler.chance(probability);
  }
}

/** What a process that was killed waits for. */
const never = (): Promise<never> => new Promise(() => {});
