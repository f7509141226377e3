import { setTimeout as sleep } from "node:timers/promises";
import type { Answered } from "./types.ts";

const PROBE_MS = 200;
const LATE_MS = 1000;

/** Whether each replica answered when it was asked. */
export interface Probed {
  /** `performance.now()` */
  readonly at: number;
  /** By replica: not at all, from memory while the store is away, or as the store is. */
  readonly replicas: readonly State[];
}

type State = { readonly is: "none" } | ({ readonly is: "aged" | "current" } & Answered);

/** Asks every replica again and again until the signal aborts. */
export async function probe(urls: readonly string[], type: string, signal: AbortSignal): Promise<readonly Probed[]> {
  const probed: Probed[] = [];
  while (!signal.aborted) {
    const at = performance.now();
    const replicas = await Promise.all(urls.map((url) => probeOne(`${url}/executors/${type}`)));
    probed.push({ at, replicas });
    await sleep(PROBE_MS, undefined, { signal }).catch(() => {});
  }
  return probed;
}

async function probeOne(url: string): Promise<State> {
  const asked = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LATE_MS) });
    const { digest = "none" } = (await response.json()) as { digest?: string };
    if (response.status !== 200) return { is: "none" };
    return { is: response.headers.has("age") ? "aged" : "current", digest, asked, answered: performance.now() };
  } catch {
    return { is: "none" };
  }
}

/** Stretches of time in which something held at every look, longest first, in milliseconds. */
export function stretches(probed: readonly Probed[], holds: (one: Probed) => boolean): readonly number[] {
  const lengths: number[] = [];
  let since: number | undefined;
  for (const one of probed) {
    if (holds(one)) since ??= one.at;
    else if (since !== undefined) {
      lengths.push(one.at - since);
      since = undefined;
    }
  }
  if (since !== undefined) lengths.push(probed.at(-1)!.at - since);
  return lengths.sort((a, b) => b - a);
}
