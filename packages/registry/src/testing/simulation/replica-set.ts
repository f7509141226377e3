import { StoreError } from "../../journal/store-errors.ts";
import { Network, type NetworkCounts } from "./network.ts";
import { SimulatedRegistry } from "./registry.ts";
import { type Replica, startReplica } from "./replica.ts";
import { Owner, Scheduler, settle } from "./scheduler.ts";

/** Milliseconds after which a service that could not start is started again. */
const RESTART_MS = 5000;

/** Many times more than anything takes. */
const MAX_STEPS = 50_000;

/** A place where one replica runs at a time. */
interface Slot {
  owner: Owner | undefined;
  /** Absent while it starts or ends. */
  replica: Replica | undefined;
}

/** What happened to replicas. */
export interface ReplicaCounts extends NetworkCounts {
  kills: number;
  stops: number;
  starts: number;
}

/** Replicas of a service on one store and one registry, in simulated time. */
export class ReplicaSet {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly registry: SimulatedRegistry;
  readonly #slots: Slot[];
  readonly #wrong: unknown[] = [];
  #kills = 0;
  #stops = 0;
  #starts = 0;

  constructor(seed: number, size: number) {
    this.scheduler = new Scheduler(seed);
    this.network = new Network(this.scheduler, (problem) => void this.#wrong.push(problem));
    this.registry = new SimulatedRegistry(this.scheduler, this.network);
    this.#slots = Array.from({ length: size }, () => ({ owner: undefined, replica: undefined }));
    for (const slot of this.#slots) this.#start(slot);
  }

  /** Those that run, neither starting nor ending. */
  get running(): readonly Replica[] {
    return this.#slots.flatMap(({ replica }) => replica ?? []);
  }

  get counts(): ReplicaCounts {
    return { ...this.network.counts, kills: this.#kills, stops: this.#stops, starts: this.#starts };
  }

  /** @throws what must not happen */
  check(): void {
    if (this.#wrong.length > 0) throw this.#wrong[0];
  }

  /** Kills one that runs, starts or ends. Nothing of it goes on, but what it has sent. */
  kill(replica?: Replica): void {
    const slot = this.#pick(({ owner }) => owner !== undefined && (replica === undefined || owner === replica.owner));
    if (slot?.owner === undefined) return;
    this.#kills += 1;
    this.scheduler.kill(slot.owner);
    slot.owner = slot.replica = undefined;
  }

  /** Ends one as an operator does. */
  stop(): void {
    const slot = this.#pick(({ replica }) => replica !== undefined);
    const { owner, replica } = slot ?? {};
    if (slot === undefined || owner === undefined || replica === undefined) return;
    this.#stops += 1;
    slot.replica = undefined;
    const ended = async (): Promise<void> => {
      await replica.close();
      this.scheduler.kill(owner);
      if (slot.owner === owner) slot.owner = undefined;
    };
    ended().catch((problem: unknown) => this.#wrong.push(problem));
  }

  /** Starts one that does not run. */
  start(): void {
    const slot = this.#pick(({ owner }) => owner === undefined);
    if (slot) this.#start(slot);
  }

  /** Another replica, beside these. */
  async another(): Promise<Replica> {
    const slot: Slot = { owner: undefined, replica: undefined };
    this.#start(slot);
    await this.until(() => slot.replica !== undefined);
    return slot.replica as Replica;
  }

  /** Goes on until something holds. */
  async until(holds: () => boolean): Promise<void> {
    const last = this.scheduler.steps + MAX_STEPS;
    while (!holds()) {
      this.check();
      if (this.scheduler.steps > last) throw new Error(`it does not end, in ${MAX_STEPS} steps`);
      if (!(await this.scheduler.step())) throw new Error("nothing goes on, and nothing will");
    }
  }

  /** Goes on until a promise is settled. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const noting = promise.finally(() => (settled = true));
    noting.catch(() => {});
    await settle();
    await this.until(() => settled);
    return noting;
  }

  #pick(fits: (slot: Slot) => boolean): Slot | undefined {
    const fitting = this.#slots.filter(fits);
    return fitting.length > 0 ? this.scheduler.pick(fitting) : undefined;
  }

  #start(slot: Slot): void {
    const owner = new Owner();
    slot.owner = owner;
    void this.#run(slot, owner).catch((problem: unknown) => this.#wrong.push(problem));
  }

  async #run(slot: Slot, owner: Owner): Promise<void> {
    const { network, registry, scheduler } = this;
    const wrong = (problem: unknown): void => void this.#wrong.push(problem);
    this.#starts += 1;
    try {
      const replica = await startReplica(owner, { network, registry, wrong });
      if (!owner.dead) slot.replica = replica;
    } catch (error) {
      if (owner.dead) return;
      if (!(error instanceof StoreError)) throw error;
      // What it began goes on no more than in a process that has ended.
      scheduler.kill(owner);
      slot.owner = new Owner();
      await scheduler.point(slot.owner, RESTART_MS);
      await this.#run(slot, slot.owner);
    }
  }
}
