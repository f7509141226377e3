import type { Resolution } from "./resolution.ts";
import { SourceUnreadError } from "./resolver-errors.ts";

/** How the answer for one type changed. */
export interface ResolutionChange {
  readonly type: string;
  /** As it is now; absent when it has no image (any more). */
  readonly resolution?: Resolution;
  /** As it was; absent the first time. */
  readonly previous?: Resolution;
}

export interface WatchOptions {
  /** The one type to report, also when it has no image. @default all known types */
  readonly only?: string;
  /** The types known now, sorted. */
  types(): Promise<readonly string[]>;
  /** A type's resolution as it is now. */
  find(type: string): Promise<Resolution | undefined>;
  /** Registers a listener for a changed type, or for all of them; returns how to unregister. */
  onChange(listener: (type?: string) => void): () => void;
  readonly signal: AbortSignal;
}

/**
 * Yields what is, then what changes. Holds which types changed, not a queue of how: who reads slowly sees the latest, and
 * misses what came and went in between. Ends, without throwing, when the signal aborts.
 */
export async function* watchChanges(options: WatchOptions): AsyncGenerator<ResolutionChange, void> {
  const { only, types, find, onChange, signal } = options;
  const reported = new Map<string, Resolution>();
  const changed = new Set<string>();
  let all = true;
  let first = true;
  let wake = (): void => {};
  const stop = (): void => wake();
  // After the first picture, what is not known is no news: what was reported last stands until it is.
  const ifKnown = async <T>(read: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (first || !(error instanceof SourceUnreadError)) throw error;
      return otherwise;
    }
  };
  const off = onChange((type) => {
    if (only !== undefined && type !== undefined && type !== only) return;
    if (type === undefined) all = true;
    else changed.add(type);
    wake();
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      if (all) {
        all = false;
        const every = only === undefined ? await ifKnown(types, []) : [only];
        for (const type of [...every, ...reported.keys()]) changed.add(type);
      }
      for (const type of changed) {
        changed.delete(type);
        const resolution = await ifKnown(() => find(type), reported.get(type));
        const previous = reported.get(type);
        if (signal.aborted) return;
        if (resolution) reported.set(type, resolution);
        else reported.delete(type);
        if (first && only === type && !resolution) yield { type };
        else if (!same(previous, resolution))
          yield { type, ...(resolution && { resolution }), ...(previous && { previous }) };
        if (all) break;
      }
      first = false;
      if (!all && changed.size === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    off();
    signal.removeEventListener("abort", stop);
  }
}

function same(a: Resolution | undefined, b: Resolution | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
