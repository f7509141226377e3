import { EMPTY_HEAD, type Head, openStore } from "@executor-registry/registry/internal";
import { median, printTable } from "../figures.ts";
import { entriesAfter } from "./drafts.ts";
import type { MeasuredStore, MeasuredStores } from "./places.ts";
import { percentile, rate } from "./rates.ts";
import { pgbench, type PlainWrites, plainWrites } from "./plain-writes.ts";

/** Entries of one append. */
const BATCHES = [1, 10, 100, 1000] as const;
/** Milliseconds of writing in each turn, in a round, and entries at most: memory takes more than it can hold. */
const TURN_MS = 1000;
const TURN_ENTRIES = 10_000;

interface Figures {
  readonly ours: number[];
  readonly plain: number[];
  readonly bench: number[];
  readonly waits: number[];
}

/** One writer, one append after the other: beside plain writes of the same bytes, in turns. */
export async function measureAppends({ all, folder }: MeasuredStores, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const places: Place[] = [];
  for (const measured of all) {
    const store = stack.adopt(await openStore(measured.address("append")), (one) => one.close());
    const plain = stack.adopt(await plainWrites(measured), (one) => one?.close());
    places.push({ measured, store, plain, head: EMPTY_HEAD, written: 0 });
  }
  const figures = new Map<string, Figures>();
  for (let round = 0; round < rounds; round += 1) {
    for (const batch of BATCHES) {
      for (const place of places) {
        const key = `${place.measured.name} ${batch}`;
        const to = figures.get(key) ?? { ours: [], plain: [], bench: [], waits: [] };
        figures.set(key, to);
        to.ours.push(await appendFor(place, batch, to.waits));
        if (place.plain) to.plain.push(await writeFor(place, place.plain, batch));
        if (batch === 1 && place.measured.postgres) {
          const text = JSON.stringify(entriesAfter(EMPTY_HEAD, 1)[0]);
          const tps = await pgbench(place.measured, folder, { clients: 1, seconds: TURN_MS / 1000, text });
          if (tps !== undefined) to.bench.push(tps);
        }
      }
    }
  }
  console.log(`\nAppending, one writer; an entry has ${JSON.stringify(entriesAfter(EMPTY_HEAD, 1)[0]).length} bytes`);
  printTable(
    ["store", "entries of an append", "entries per second", "p50", "p99", "plain writes", "ratio", "pgbench", "ratio"],
    places.flatMap(({ measured: { name } }) =>
      BATCHES.map((batch) => {
        const { ours, plain, bench, waits } = figures.get(`${name} ${batch}`) ?? {
          ours: [],
          plain: [],
          bench: [],
          waits: [],
        };
        const [own, theirs, tps] = [median(ours), median(plain), median(bench)];
        return [
          name,
          String(batch),
          rate(own),
          `${percentile(waits, 50).toFixed(2)} ms`,
          `${percentile(waits, 99).toFixed(2)} ms`,
          rate(theirs),
          ratio(own, theirs),
          rate(tps),
          ratio(own, tps),
        ];
      }),
    ),
  );
}

interface Place {
  readonly measured: MeasuredStore;
  readonly store: Awaited<ReturnType<typeof openStore>>;
  readonly plain: PlainWrites | undefined;
  head: Head;
  written: number;
}

/** Entries per second, of appending alone: they are sealed before. */
async function appendFor(place: Place, batch: number, waits: number[]): Promise<number> {
  let [count, spent] = [0, 0];
  while (spent < TURN_MS && count < TURN_ENTRIES) {
    const entries = entriesAfter(place.head, batch);
    const began = performance.now();
    await place.store.append(place.head, entries);
    const took = performance.now() - began;
    waits.push(took);
    spent += took;
    count += batch;
    place.head = entries.at(-1) ?? place.head;
  }
  return (count / spent) * 1000;
}

async function writeFor(place: Place, plain: PlainWrites, batch: number): Promise<number> {
  let [count, spent] = [0, 0];
  while (spent < TURN_MS && count < TURN_ENTRIES) {
    const texts = entriesAfter(place.head, batch).map((entry) => JSON.stringify(entry));
    const began = performance.now();
    await plain.write(place.written + 1, texts);
    spent += performance.now() - began;
    count += batch;
    place.written += batch;
  }
  return (count / spent) * 1000;
}

const ratio = (ours: number, theirs: number): string => (Number.isNaN(theirs) ? "" : (ours / theirs).toFixed(2));
