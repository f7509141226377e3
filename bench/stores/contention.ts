import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { EMPTY_HEAD } from "@executor-registry/registry/internal";
import { median, printTable } from "../figures.ts";
import { entriesAfter } from "./drafts.ts";
import type { MeasuredStore, MeasuredStores } from "./places.ts";
import { pgbench } from "./plain-writes.ts";
import { percentile, rate } from "./rates.ts";
import type { Written } from "./writing.ts";

const WRITERS = [1, 4] as const;
/** Milliseconds of writing in each turn. */
const TURN_MS = 3000;

/** Several writers on one journal, each a process of its own, so that memory is not among the stores. */
export async function measureContention({ all: stores, folder }: MeasuredStores, rounds: number): Promise<void> {
  const all = stores.filter(({ name }) => name !== "memory");
  const turns = new Map<string, Written[][]>();
  const benched = new Map<string, number[]>();
  const text = JSON.stringify(entriesAfter(EMPTY_HEAD, 1)[0]);
  for (let round = 0; round < rounds; round += 1) {
    for (const measured of all) {
      for (const count of WRITERS) {
        const key = `${measured.name} ${count}`;
        const written = await inProcesses(measured, count);
        turns.set(key, [...(turns.get(key) ?? []), written]);
        const tps = await pgbench(measured, folder, { clients: count, seconds: TURN_MS / 1000, text });
        if (tps !== undefined) benched.set(key, [...(benched.get(key) ?? []), tps]);
      }
    }
  }
  console.log("\nWriters that append one entry after the other, and decide again after a conflict");
  printTable(
    [
      "store",
      "writers",
      "appends per second",
      "conflicts per append",
      "given up",
      "p50",
      "p99",
      "slowest",
      "pgbench",
      "ratio",
    ],
    all.flatMap(({ name }) =>
      WRITERS.map((count) => {
        const rounds = turns.get(`${name} ${count}`) ?? [];
        const every = rounds.flat();
        const sum = (of: "appends" | "conflicts" | "failures"): number => every.reduce((all, one) => all + one[of], 0);
        const rates = rounds.map((one) => (one.reduce((all, { appends }) => all + appends, 0) / TURN_MS) * 1000);
        const waits = every.flatMap((one) => one.waits);
        const tps = median(benched.get(`${name} ${count}`) ?? []);
        const ms = (percent: number): string => `${percentile(waits, percent).toFixed(1)} ms`;
        const ratio = Number.isNaN(tps) ? "" : (median(rates) / tps).toFixed(2);
        const conflicts = (sum("conflicts") / sum("appends")).toFixed(2);
        return [
          name,
          String(count),
          rate(median(rates)),
          conflicts,
          String(sum("failures")),
          ms(50),
          ms(99),
          ms(100),
          rate(tps),
          ratio,
        ];
      }),
    ),
  );
}

async function inProcesses(measured: MeasuredStore, count: number): Promise<Written[]> {
  const address = measured.address(`writers-${count}`);
  const writers = Array.from({ length: count }, (_, nth) => {
    const args = ["bench/stores/writer.ts", address, `writer-${nth}`, String(TURN_MS)];
    const options = ["--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"];
    const child = spawn(process.execPath, [...options, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = once(child, "close");
    const next = async (): Promise<string> => {
      const { value } = (await lines.next()) as { value?: string };
      if (value === undefined) throw new Error("a writer ended before it was done");
      return value;
    };
    return { child, next, ended };
  });
  try {
    await Promise.all(writers.map(({ next }) => next()));
    for (const { child } of writers) child.stdin.write("go\n");
    return await Promise.all(writers.map(async ({ next }) => JSON.parse(await next()) as Written));
  } finally {
    for (const { child } of writers) child.stdin.end();
    await Promise.all(writers.map(({ ended }) => ended));
  }
}
