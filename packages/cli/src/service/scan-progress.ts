import { SERVICE_OPERATIONS, type ServiceClient } from "@executor-registry/resolver/internal";
import type { Io } from "../output/io.ts";

/** Milliseconds between looks at how far it is. */
const INTERVAL_MS = 1000;

/** Waits for a scan; says on a terminal how many requests each source has made meanwhile. */
export async function withScanProgress<T>(
  client: ServiceClient,
  { stderr, clock }: Pick<Io, "stderr" | "clock">,
  scanning: Promise<T>,
): Promise<T> {
  if (!stderr.isTTY) return scanning;
  const done = new AbortController();
  const showing = showProgress(client, done.signal, (line) => stderr.status(line), clock);
  try {
    return await scanning;
  } finally {
    done.abort();
    await showing.catch(() => {});
    stderr.status(undefined);
  }
}

async function showProgress(
  client: ServiceClient,
  signal: AbortSignal,
  show: (line: string) => void,
  clock: Io["clock"],
): Promise<void> {
  show("scanning …");
  let before: ReadonlyMap<string, number> | undefined;
  for (;;) {
    // How far it is may not be known; the scan goes on.
    const health = await client.ask(SERVICE_OPERATIONS.health, {}, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // Sources are there only for callers who may see details.
    const now = new Map(health?.sources?.map(({ name, requests = 0 }) => [name, requests]));
    before ??= now;
    const made = [...now].map(([name, requests]) => `${name} ${requests - (before?.get(name) ?? 0)}`);
    if (made.length > 0) show(`scanning … requests so far: ${made.join(", ")}`);
    await clock.sleep(INTERVAL_MS, signal);
  }
}
