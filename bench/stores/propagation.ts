import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { missing } from "../../scripts/tools.ts";
import { tcpProxy } from "../../testing/tcp-proxy.ts";
import type { Serving } from "../../testing/serving.ts";
import { printTable } from "../figures.ts";
import { fillStoreAt } from "../start-store.ts";
import { isMessage, isNotification } from "./announcements.ts";
import type { MeasuredStore, MeasuredStores } from "./places.ts";
import { startPooler } from "./pooler.ts";
import { percentile } from "./rates.ts";
import { pin, serviceOn, versionAt } from "./services.ts";

/** Writes in each round, for each way of watching; where nothing is announced, which takes longer. */
const WRITES = 100;
const SLOW_WRITES = 40;
const TYPES = 20;
const TYPE = "type-7";
const VERSIONS = ["1.10.0", "1.20.0"] as const;
const AIMS = { median: 100, worst: 1000 };

/** Two services on one store, and how the second reaches it. */
interface Pair {
  readonly name: string;
  readonly writer: Serving;
  readonly reader: Serving;
  /** Milliseconds between two writes, at most: as long as the reader waits where nothing is announced, so that writes come at any moment of it. */
  readonly pause: number;
  readonly writes: number;
  readonly times: Record<"heard" | "asked", number[]>;
}

/** From the moment at which one service has acknowledged a write until another answers with it. */
export async function measurePropagation({ all, folder }: MeasuredStores, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const pairs: Pair[] = [];
  const add = async (name: string, addresses: readonly [string, string?], pause: number): Promise<void> => {
    const [first, second] = addresses;
    const writer = stack.use(await serviceOn(first, folder));
    const reader = second === undefined ? writer : stack.use(await serviceOn(second, folder));
    const writes = pause > 20 ? SLOW_WRITES : WRITES;
    pairs.push({ name, writer, reader, pause, writes, times: { heard: [], asked: [] } });
  };
  for (const measured of all.filter(({ name }) => name !== "memory")) {
    const filled = async (journal: string): Promise<string> => {
      await fillStoreAt(measured.address(journal), TYPES);
      return measured.address(journal);
    };
    if (!measured.shared) {
      await add(`${measured.name}, the same service`, [await filled("same")], 20);
      continue;
    }
    const address = await filled("announced");
    await add(measured.name, [address, address], 20);
    // That is the same, however the server syncs.
    if (measured.name === "Redis, always") continue;
    const other = await filled("lost");
    const through = stack.use(await deafProxy(measured));
    await add(`${measured.name}, announcements are lost`, [other, other.replace(/:\d+/, `:${through.port}`)], 500);
    // The reader is to believe that it is told.
    for (let nth = 0; !through.heard; nth += 1) await pin(pairs.at(-1)!.writer, TYPE, VERSIONS[nth % 2] ?? "");
    through.lose();
    if (measured.postgres && missing({ pgbouncer: "pgbouncer" }).length === 0) {
      const pooled = await filled("pooled");
      const pooler = stack.use(await startPooler(measured.postgres.port));
      await add("PostgreSQL behind PgBouncer", [pooled, pooled.replace(/:\d+/, `:${pooler.port}`)], 100);
    }
  }
  for (let round = 0; round < rounds; round += 1)
    for (const pair of pairs) for (const way of ["heard", "asked"] as const) await watch(pair, way);

  console.log(`\nFrom a write's acknowledgement by one service to another's answer`);
  printTable(
    ["store", "watched by", "writes", "p50", "p99", "slowest", `aim: ${AIMS.median} and ${AIMS.worst} ms`],
    pairs.flatMap(({ name, times }) =>
      (["heard", "asked"] as const).map((way) => {
        const [middle, late, worst] = [50, 99, 100].map((percent) => percentile(times[way], percent)) as [
          number,
          number,
          number,
        ];
        const kept = middle < AIMS.median && worst < AIMS.worst ? "kept" : "MISSED";
        return [
          name,
          way === "heard" ? "events" : "asking",
          String(times[way].length),
          ...[middle, late, worst].map((ms) => `${ms.toFixed(1)} ms`),
          kept,
        ];
      }),
    ),
  );
}

/** A proxy that forwards everything; once it is told so, everything but announcements. */
async function deafProxy({ postgres, redis }: MeasuredStore) {
  let [heard, losing] = [false, false];
  const isAnnouncement = postgres ? isNotification : isMessage;
  const drops = (chunk: Buffer): boolean => {
    if (!isAnnouncement(chunk)) return false;
    heard = true;
    return losing;
  };
  const proxy = await tcpProxy(postgres?.port ?? redis?.port ?? 0, { drops });
  return {
    port: proxy.port,
    get heard() {
      return heard;
    },
    lose: () => void (losing = true),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function watch({ writer, reader, pause, writes, times }: Pair, way: "heard" | "asked"): Promise<void> {
  const ending = new AbortController();
  const events = way === "heard" ? await listen(reader, ending.signal) : undefined;
  let version = await versionAt(reader, TYPE);
  // The first ones find nothing compiled.
  for (let nth = -5; nth < writes; nth += 1) {
    version = version === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0];
    const seen = events ? events.until(version) : undefined;
    const acknowledged = await pin(writer, TYPE, version);
    const visible = await (seen ?? asked(reader, version));
    if (nth >= 0) times[way].push(Math.max(0, visible - acknowledged));
    await sleep(Math.random() * pause);
  }
  ending.abort();
}

async function asked(reader: Serving, version: string): Promise<number> {
  while ((await versionAt(reader, TYPE)) !== version);
  return performance.now();
}

/** When an event says that the type is answered with a version. */
async function listen({ url }: Serving, signal: AbortSignal): Promise<{ until(version: string): Promise<number> }> {
  const { body } = await fetch(`${url}/events`, { signal });
  if (!body) throw new Error(`no events at ${url}`);
  let wanted: { readonly version: string; resolve(at: number): void } | undefined;
  const read = async (): Promise<void> => {
    for await (const line of createInterface({ input: Readable.fromWeb(body as never) })) {
      if (!line.startsWith("data: ") || wanted === undefined) continue;
      const { type, version } = JSON.parse(line.slice(6)) as { type?: string; version?: string };
      if (type === TYPE && version === wanted.version) wanted.resolve(performance.now());
    }
  };
  read().catch((problem: unknown) => {
    if (!signal.aborted) throw problem;
  });
  return { until: (version) => new Promise((resolve) => (wanted = { version, resolve })) };
}
