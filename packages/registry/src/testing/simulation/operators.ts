import { ExecutorRegistryError } from "@executor-registry/resolver";
import { untilAborted } from "@executor-registry/resolver/internal";
import { StoreError } from "../../journal/store-errors.ts";
import type { How } from "../../selection/requests.ts";
import type { Selection } from "../../selection/selection.ts";
import type { Replica } from "./replica.ts";
import type { ReplicaSet } from "./replica-set.ts";
import { VERSIONS } from "./registry.ts";

/** What an operator asked for, and was answered. */
export interface Operation {
  /** Names it: no other has this. */
  readonly reason: string;
  attempts: number;
  /** `undefined` as long as there was no answer: nobody knows whether it was done. */
  answer?: "changed" | "unchanged" | "refused";
}

type Act = (selection: Selection, reason: string, how: How) => Promise<{ readonly outcome: "changed" | "unchanged" }>;

/** Operators who ask any replica, and where they get no answer perhaps another. */
export class Operators {
  readonly #replicas: ReplicaSet;
  readonly operations: Operation[] = [];

  readonly #first: Replica | undefined;

  /** @param first is asked as long as it runs; any where absent */
  constructor(replicas: ReplicaSet, first?: Replica) {
    this.#replicas = replicas;
    this.#first = first;
  }

  /** Asks for something. @returns once there is an answer, or nobody asks any more */
  ask(act: Act = this.#anything()): Promise<void> {
    const operation: Operation = { reason: `operation ${this.operations.length + 1}`, attempts: 0 };
    this.operations.push(operation);
    return this.#perform(operation, act);
  }

  async #perform(operation: Operation, act: Act): Promise<void> {
    const { scheduler } = this.#replicas;
    const { reason } = operation;
    const how = { actor: "token:alice", dryRun: false, request: reason };
    for (;;) {
      const { running } = this.#replicas;
      if (running.length === 0) return;
      const { selection, owner } = running.find((one) => one === this.#first) ?? scheduler.pick(running);
      operation.attempts += 1;
      try {
        const { outcome } = await untilAborted(act(selection, reason, how), owner.killed);
        operation.answer = outcome;
        return;
      } catch (error) {
        if (!owner.dead && error instanceof ExecutorRegistryError && !isUnanswered(error)) {
          operation.answer = "refused";
          return;
        }
        if (scheduler.chance(0.3)) return;
        await scheduler.point(undefined, scheduler.below(2000));
      }
    }
  }

  #anything(): Act {
    const { scheduler } = this.#replicas;
    const type = scheduler.pick(["ml", "ml", "nlp"]);
    const to = scheduler.pick(VERSIONS);
    const most = scheduler.chance(0.3) ? 1 + scheduler.below(200_000) : undefined;
    return scheduler.pick<Act>([
      (selection, reason, how) => selection.pin(type, { to, reason, for: most }, how),
      (selection, reason, how) => selection.unpin(type, { reason }, how),
      (selection, reason, how) => selection.rollback(type, { reason, deny: most === undefined }, how),
      (selection, reason, how) => selection.deny(type, { version: to, reason, for: most }, how),
      (selection, reason, how) => selection.allow(type, selection.denials(type)[0]?.id ?? 0, { reason }, how),
      (selection, reason, how) => {
        const range = { name: "releases", kind: "semver", range: `>=${to === "latest" ? "1.0.0" : to}` };
        return selection.setPolicies(most === undefined ? [range] : undefined, { reason }, how);
      },
    ]);
  }
}

/** The store could not be asked, or the replica ends: nobody knows whether it was done. */
const isUnanswered = (error: ExecutorRegistryError): boolean => error instanceof StoreError || error.code === "closed";
