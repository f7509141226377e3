import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LatencyCounts } from "./latencies.ts";

export interface LoadOrder {
  readonly urls: readonly string[];
  readonly types: readonly string[];
  readonly perSecond: number;
  /** With the resolver's own settings; else nearly every resolution asks the service. */
  readonly cached: boolean;
}

export type LoadRequest =
  | { readonly kind: "phase"; readonly name: string }
  /** Resolves until it has these digests, by type, and no longer than a while. */
  | { readonly kind: "stop"; readonly expected: Readonly<Record<string, string>> };

export interface LoadReport {
  readonly asked: number;
  /** Resolutions that were not made, since the process did not get to them. */
  leftOut: number;
  failures: number;
  readonly named: string[];
  stale: number;
  /** Over HTTP, and how many of these got no answer at all. */
  requests: number;
  failedRequests: number;
  readonly phases: Readonly<Record<string, LatencyCounts>>;
  /** Every digest that each type was answered with. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
  /** How long it took at the end to have what it was told to expect, and what it did not have after all. */
  readonly final: { readonly ms: number; readonly wrong: readonly string[] };
}

/** A process that resolves. */
export interface Load extends AsyncDisposable {
  /** What is measured from here on counts by this name. */
  phase(name: string): void;
  /** Ends it. @throws Error where it has ended before */
  stop(expected: Readonly<Record<string, string>>): Promise<LoadReport>;
}

/** Resolves when it has resolved each type once: what nobody has ever answered, no resolver can go on with. */
export async function startLoad(order: LoadOrder): Promise<Load> {
  const child = fork(join(import.meta.dirname, "load-worker.ts"), {
    execArgv: ["--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  const ended = once(child, "close").then(([code, signal]) => {
    throw new Error(`a process that resolves ended with ${code ?? signal}`);
  });
  ended.catch(() => {});
  const tell = (message: LoadOrder | LoadRequest): void => {
    if (child.connected) child.send(message);
  };
  const began = once(child, "message");
  tell(order);
  try {
    await Promise.race([began, ended]);
  } catch (problem) {
    child.kill("SIGKILL");
    throw problem;
  }
  return {
    phase: (name) => tell({ kind: "phase", name }),
    async stop(expected) {
      const reported = once(child, "message") as Promise<[LoadReport]>;
      tell({ kind: "stop", expected });
      const [report] = await Promise.race([reported, ended]);
      return report;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended.catch(() => {});
    },
  };
}
