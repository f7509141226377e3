import type { Io } from "../output/io.ts";
import type { ServiceClient } from "./client.ts";

/** Milliseconds between looks at how far it is. */
const INTERVAL = 1000;

interface Health {
  /** Only for those who may see details. */
  readonly sources?: readonly { readonly name: string; readonly requests: number }[];
}

/** Waits for a scan; says on a terminal how many requests each source has made meanwhile. */
export async function withScanProgress<T>(
  client: ServiceClient,
  { stderr, clock }: Pick<Io, "stderr" | "clock">,
  scanning: Promise<T>,
): Promise<T> {
  if (!stderr.isTTY) return scanning;
  const done = new AbortController();
  const telling = tell(client, done.signal, (line) => stderr.status(line), clock);
  try {
    return await scanning;
  } finally {
    done.abort();
    await telling.catch(() => {});
    stderr.status(undefined);
  }
}

async function tell(
  client: ServiceClient,
  signal: AbortSignal,
  show: (line: string) => void,
  clock: Io["clock"],
): Promise<void> {
  show("scanning …");
  let before: ReadonlyMap<string, number> | undefined;
  for (;;) {
    // How far it is may not be known; the scan goes on.
    const health = (await client.ask("/health", { signal }).catch(() => undefined)) as Health | undefined;
    if (signal.aborted) return;
    const now = new Map(health?.sources?.map(({ name, requests }) => [name, requests]));
    before ??= now;
    const made = [...now].map(([name, requests]) => `${name} ${requests - (before?.get(name) ?? 0)}`);
    if (made.length > 0) show(`scanning … requests so far: ${made.join(", ")}`);
    await clock.sleep(INTERVAL, signal);
  }
}
