import type { Clock, Random } from "../../tools/clock.ts";
import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { KubernetesApi } from "../api/api.ts";
import { createBackoff } from "../../tools/backoff.ts";

export interface ValueTimesOptions {
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /** It is known now that the times can be trusted. */
  changed(): void;
}

/** Whether `managedFields` say when a value changed last. */
export interface ValueTimes {
  /** False as long as the server has not said which version it is. */
  trusted(): boolean;
  /** Once the server was asked for the first time. */
  readonly settled: Promise<void>;
  /** Once it is not asked any more. */
  readonly ended: Promise<void>;
}

/** The version is a small answer; who waits for it waits for an answer that needs no time. */
const TIMEOUT_MS = 5000;

/**
 * Asks for the server's version until it answers. Before Kubernetes 1.25 the time in `managedFields` is that of the first
 * change by the same manager: it stays when the same tool changes the value again.
 * @see https://github.com/kubernetes/kubernetes/pull/110058
 */
export function valueTimes({ api, signal, clock, random, changed }: ValueTimesOptions): ValueTimes {
  const backoff = createBackoff(random);
  let trusted = false;
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));

  async function ask(): Promise<void> {
    while (!signal.aborted) {
      try {
        trusted = movesWithValues(await api.request("/version", { signal, timeout: TIMEOUT_MS }));
        if (trusted) changed();
        return;
      } catch (error) {
        if (error instanceof ExecutorRegistryError && (error.code === "forbidden" || error.code === "not-found"))
          return;
        settle();
        await clock.sleep(backoff.next(), signal).catch(() => {});
      }
    }
  }
  const ended = ask().finally(() => settle());
  return { trusted: () => trusted, settled, ended };
}

function movesWithValues(version: unknown): boolean {
  const { major, minor } = (version ?? {}) as { readonly major?: unknown; readonly minor?: unknown };
  // Some providers write `25+`.
  const [first, second] = [major, minor].map((part) => Number.parseInt(String(part), 10));
  return first !== undefined && second !== undefined && (first > 1 || (first === 1 && second >= 25));
}
