import { parentPort } from "node:worker_threads";
import { tufRoot } from "./tuf.ts";
import type { TufTask, VerifyTask } from "./verification.ts";
import { verifyFound } from "./verify.ts";

/** A task with the number that its answer bears. */
export interface Numbered<Task> {
  readonly id: number;
  readonly task: Task;
}

/** What the thread says: that it listens, or what a task came to. */
export type Said =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

const say = (said: Said): void => parentPort?.postMessage(said, []);

// The thread in which signatures are verified: what a crafted one costs blocks nothing else.
parentPort?.on("message", ({ id, task }: Numbered<VerifyTask | TufTask>) => {
  const work = async (): Promise<unknown> => (task.kind === "tuf" ? tufRoot(task) : verifyFound(task));
  work().then(
    (value) => say({ kind: "done", id, value }),
    (error: unknown) => say({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) }),
  );
});
say({ kind: "ready" });
