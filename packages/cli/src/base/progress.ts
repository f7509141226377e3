import type { Io } from "../output/io.ts";

/** Progress is shown for what takes longer. */
const SHOW_AFTER_MS = 500;

/** Waits; once that takes long, shows on a terminal what for, and clears it at the end. */
export async function withProgress<T>(io: Pick<Io, "stderr" | "clock">, what: string, work: Promise<T>): Promise<T> {
  const { stderr, clock } = io;
  if (!stderr.isTTY) return work;
  const done = new AbortController();
  const waited = (async () => {
    await clock.sleep(SHOW_AFTER_MS, done.signal);
    stderr.status(`${what} …`);
  })();
  waited.catch(() => {});
  try {
    return await work;
  } finally {
    done.abort();
    stderr.status(undefined);
  }
}
