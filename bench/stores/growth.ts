import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore, type Store } from "@executor-registry/registry/internal";
import { median, megabytes, printTable } from "../figures.ts";
import { type Start, startOnce } from "../start-serve.ts";
import { openCatalogueOn } from "../start-store.ts";
import { fillLong, TYPES } from "./long-journal.ts";
import type { MeasuredStore, MeasuredStores } from "./places.ts";
import { percentile, rate } from "./rates.ts";

const SIZES = [10_000, 100_000] as const;
const MILLION = 1_000_000;
/** Questions of each kind. */
const QUESTIONS = 30;

interface Growth {
  readonly store: string;
  readonly entries: number;
  readonly filled: number;
  /** Milliseconds of writing every part of a snapshot. */
  readonly saved: number;
  readonly replayed: Start;
  readonly starts: Start[];
  readonly typed: number[];
  readonly newest: number[];
}

/** What a long journal costs: the start of the service as it is published, with and without a snapshot, its memory, and pages of the audit log. */
export async function measureGrowth({ all, folder }: MeasuredStores, rounds: number): Promise<void> {
  const sizes = process.argv.includes("--million") ? [...SIZES, MILLION] : SIZES;
  const rows: Growth[] = [];
  const stores = all.filter(({ name }) => name !== "memory" && name !== "Redis, always");
  for (const entries of sizes) for (const measured of stores) rows.push(await grown(measured, entries, folder, rounds));

  console.log(`\nThe service on a journal of ${TYPES} types with 50 images each, and those that are gone`);
  printTable(
    [
      "store",
      "entries",
      "filled, per second",
      "ready",
      "without snapshot",
      "RSS",
      "without",
      "peak",
      "snapshot",
      "page of a type",
      "p99",
      "newest page",
    ],
    rows.map(({ store, entries, filled, saved, replayed, starts, typed, newest }) => [
      store,
      String(entries),
      rate(filled),
      `${median(starts.map(({ ms }) => ms)).toFixed(0)} ms`,
      `${replayed.ms.toFixed(0)} ms`,
      megabytes(median(starts.map(({ idle }) => idle))),
      megabytes(replayed.idle),
      megabytes(replayed.peak),
      `${saved.toFixed(0)} ms`,
      `${median(typed).toFixed(1)} ms`,
      `${percentile(typed, 99).toFixed(1)} ms`,
      `${median(newest).toFixed(1)} ms`,
    ]),
  );
}

async function grown(measured: MeasuredStore, entries: number, folder: string, rounds: number): Promise<Growth> {
  const journal = `long-${entries}`;
  const address = measured.address(journal);
  const store = await openStore(address);
  const filling = performance.now();
  await fillLong(store, entries);
  const filled = (entries / (performance.now() - filling)) * 1000;
  await store.close();

  const saved = await timeOfSnapshot(address);
  await dropSnapshot(measured, journal);

  const file = join(folder, `${measured.name}-${journal}`);
  // The first that ends as it should keeps its answers in the snapshot, as a service does.
  const replayed = await startOnce(file, { store: address, gracefully: true });
  const starts: Start[] = [];
  const [typed, newest]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const use = async (url: string): Promise<void> => {
      for (let nth = 0; nth < QUESTIONS; nth += 1) {
        typed.push(await timeOf(`${url}/journal?type=type-${nth}&limit=100`));
        newest.push(await timeOf(`${url}/journal?limit=100`));
      }
    };
    starts.push(await startOnce(file, { store: address, use }));
  }
  return { store: measured.name, entries, filled, saved, replayed, starts, typed, newest };
}

/** A catalogue that is opened without a snapshot saves a whole one. */
async function timeOfSnapshot(address: string): Promise<number> {
  const store = await openStore(address);
  const times: number[] = [];
  const saveSnapshot: Store["saveSnapshot"] = async (snapshot, parts, complete) => {
    const began = performance.now();
    await store.saveSnapshot(snapshot, parts, complete);
    times.push(performance.now() - began);
  };
  await (await openCatalogueOn({ ...store, saveSnapshot })).close();
  return Math.max(...times);
}

/** So that the next start replays everything. */
async function dropSnapshot({ name, postgres, redis, address }: MeasuredStore, journal: string): Promise<void> {
  if (postgres) postgres.sql(`DELETE FROM "${journal}".snapshots; DELETE FROM "${journal}".snapshot_parts`);
  else if (redis) for (const key of redis.cli("KEYS", `{${journal}}:snapshot*`).split("\n")) redis.cli("DEL", key);
  else {
    const file = address(journal).slice("sqlite:".length);
    if (!existsSync(file)) throw new Error(`${name} has no file ${file}`);
    const database = new DatabaseSync(file);
    database.exec("DELETE FROM snapshot; DELETE FROM snapshot_parts");
    database.close();
  }
}

/** Milliseconds of a page with a hundred entries, or nearly as many. */
async function timeOf(url: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(url);
  const { entries } = (await response.json()) as { entries?: readonly unknown[] };
  const took = performance.now() - began;
  if (entries === undefined || entries.length < 90)
    throw new Error(`${url}: ${response.status}, ${entries?.length} entries`);
  return took;
}
