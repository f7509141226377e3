import { type Journal, type JournalChange, openJournal, type Store } from "@executor-registry/registry/internal";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { emptyFold, nthDraft } from "./drafts.ts";

/** What one of several writers did. */
export interface Written {
  readonly appends: number;
  /** How often another writer was faster, so that it had to read, decide and append again. */
  readonly conflicts: number;
  /** Appends that were given up, since others kept coming first. */
  readonly failures: number;
  /** Milliseconds of each append, with its conflicts. */
  readonly waits: readonly number[];
}

/** A journal that is read up to its end, and saves no snapshot. */
export const writerOn = (store: Store): Promise<Journal<null, JournalChange>> =>
  openJournal({ store, fold: emptyFold, clock: systemClock, log: silentLogger, snapshotEvery: Infinity });

/** Appends one entry after the other. */
export async function writeFor(journal: Journal<null, JournalChange>, actor: string, ms: number): Promise<Written> {
  const until = performance.now() + ms;
  const waits: number[] = [];
  let [appends, conflicts, failures] = [0, 0, 0];
  while (performance.now() < until) {
    const draft = nthDraft(appends, actor);
    const began = performance.now();
    let asked = 0;
    try {
      await journal.append(() => {
        asked += 1;
        return [draft];
      });
      appends += 1;
    } catch (problem) {
      if ((problem as { code?: string }).code !== "conflict") throw problem;
      failures += 1;
    }
    conflicts += asked - 1;
    waits.push(performance.now() - began);
  }
  return { appends, conflicts, failures, waits };
}
