import { EMPTY_HEAD, openStore, type Store, verifiedPages } from "@executor-registry/registry/internal";
import { median, printTable } from "../figures.ts";
import { fillWith } from "./drafts.ts";
import type { MeasuredStores } from "./places.ts";
import { rate } from "./rates.ts";

const ENTRIES = 100_000;
/** As many as a journal asks for. */
const PAGE = 1000;

/** Reading a whole journal back: as the store gives it, and with each entry's hash and place in the chain verified. */
export async function measureTail({ all }: MeasuredStores, rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const places: { name: string; store: Store; filled: number; read: number[]; verified: number[] }[] = [];
  for (const measured of all) {
    const store = stack.adopt(await openStore(measured.address("tail")), (one) => one.close());
    const filled = await rateOf(() => fillWith(store, ENTRIES));
    places.push({ name: measured.name, store, filled, read: [], verified: [] });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { store, read, verified } of places) {
      read.push(await rateOf(() => readAll(store)));
      verified.push(await rateOf(() => verifyAll(store)));
    }
  }
  console.log(`\nReading ${ENTRIES} entries back, ${PAGE} at a time`);
  printTable(
    ["store", "entries per second", "with verification", "filling it, 1000 at a time"],
    places.map(({ name, read, verified, filled }) => [name, rate(median(read)), rate(median(verified)), rate(filled)]),
  );
}

async function rateOf(task: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await task();
  return (ENTRIES / (performance.now() - began)) * 1000;
}

async function readAll(store: Store): Promise<void> {
  for (let after = 0; after < ENTRIES;) {
    const entries = await store.read(after, PAGE);
    if (entries.length === 0) throw new Error(`${store.description} ends at ${after}`);
    after += entries.length;
  }
}

async function verifyAll(store: Store): Promise<void> {
  let count = 0;
  for await (const entries of verifiedPages(store, EMPTY_HEAD)) count += entries.length;
  if (count !== ENTRIES) throw new Error(`${store.description} has ${count} entries`);
}
