import type { Resolution } from "./resolution.ts";

/** How the answer for one type changed. */
export interface ResolutionChange {
  readonly type: string;
  /** As it is now; absent when there is none (any more). */
  readonly resolution?: Resolution;
  /** As it was; absent the first time. */
  readonly previous?: Resolution;
}

export interface WatchOptions {
  /** The resolutions as they are now. */
  read(): Promise<readonly Resolution[]>;
  /** Types of which even the absence is told at the beginning. */
  readonly types: readonly string[] | undefined;
  /** Registers who is woken by a change; returns how to unregister. */
  onChange(wake: () => void): () => void;
  readonly signal: AbortSignal;
}

/**
 * Yields what is, then what changes. Holds one state, not a queue: who reads slowly sees the latest, and misses what
 * came and went in between. Ends, without throwing, when the signal aborts.
 */
export async function* watchChanges({ read, types, onChange, signal }: WatchOptions): AsyncGenerator<ResolutionChange> {
  let known = new Map<string, Resolution>();
  let wake = (): void => {};
  let dirty = true;
  const ring = (): void => {
    dirty = true;
    wake();
  };
  const off = onChange(ring);
  signal.addEventListener("abort", ring, { once: true });
  try {
    let unseen = new Set(types);
    while (!signal.aborted) {
      if (!dirty) await new Promise<void>((resolve) => (wake = resolve));
      dirty = false;
      if (signal.aborted) return;
      const next = new Map((await read()).map((resolution) => [resolution.type, resolution]));
      yield* changes(known, next, unseen);
      known = next;
      unseen = new Set();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    off();
    signal.removeEventListener("abort", ring);
  }
}

function* changes(
  before: ReadonlyMap<string, Resolution>,
  after: ReadonlyMap<string, Resolution>,
  unseen: ReadonlySet<string>,
): Generator<ResolutionChange> {
  for (const [type, resolution] of after) {
    const previous = before.get(type);
    if (previous === undefined) yield { type, resolution };
    else if (previous !== resolution && !same(previous, resolution)) yield { type, resolution, previous };
  }
  for (const [type, previous] of before) if (!after.has(type)) yield { type, previous };
  for (const type of unseen) if (!after.has(type)) yield { type };
}

function same(a: Resolution, b: Resolution): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
