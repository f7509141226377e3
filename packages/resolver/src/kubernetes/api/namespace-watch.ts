import type { Clock, Random } from "../../tools/clock.ts";
import type { KubernetesApi } from "./api.ts";
import { createBackoff } from "../../tools/backoff.ts";
import { KubernetesError } from "./errors.ts";

export interface NamespaceWatchOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whether a namespace exists. Listing what is in one that does not exist gives an empty list, and no error. */
export interface NamespaceWatch {
  /** Once the server was asked, also when that failed. */
  readonly settled: Promise<void>;
  /** That the namespace does not exist, and what to do, in one sentence; `undefined` when it exists, or that is not known. */
  missing(): string | undefined;
  /** Calls back when that changed. Returns how to stop it. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

const TIMEOUT_MS = 5000;
/** Who may not watch namespaces can only ask again. */
const AGAIN_MS = 5000;

/** Asks until the namespace exists, or the server refuses to say. */
export function watchNamespace({ api, namespace, clock, random }: NamespaceWatchOptions): NamespaceWatch {
  const ending = new AbortController();
  const { signal } = ending;
  const listeners = new Set<() => void>();
  const backoff = createBackoff(random);
  let missing: string | undefined;
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const become = (next: string | undefined): void => {
    const changed = next !== missing;
    missing = next;
    settle();
    if (changed) for (const listener of listeners) listener();
  };

  async function ask(): Promise<void> {
    while (!signal.aborted) {
      let wait = AGAIN_MS;
      try {
        await api.request(`/api/v1/namespaces/${namespace}`, { signal, timeout: TIMEOUT_MS });
        return become(undefined);
      } catch (error) {
        if (error instanceof KubernetesError && error.code === "not-found") {
          become(`namespace ${namespace} does not exist, so nothing is declared in it; create it or name another one`);
        } else if (error instanceof KubernetesError && error.code === "forbidden") {
          return become(undefined);
        } else {
          settle();
          wait = backoff.next();
        }
      }
      await clock.sleep(wait, signal).catch(() => {});
    }
  }
  const asking = ask().finally(() => settle());

  return {
    settled,
    missing: () => missing,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      ending.abort();
      await asking;
      listeners.clear();
    },
  };
}
