import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { missing } from "../../scripts/tools.ts";
import type { Serving } from "../../testing/serving.ts";
import { median, printTable } from "../figures.ts";
import { has } from "../peers.ts";
import { fillStoreAt } from "../start-store.ts";
import type { MeasuredStores } from "./places.ts";
import { rate } from "./rates.ts";
import { serviceOn } from "./services.ts";

const SECONDS = 3;
const CONNECTIONS = 32;
const TYPES = 20;
/** Milliseconds of one tick of /proc's clock. */
const TICK_MS = 10;

interface Setup {
  readonly name: string;
  readonly services: readonly Serving[];
  readonly rates: number[];
  /** Resolutions per second of the services' processor time. */
  readonly efficiency: number[];
}

/**
 * Resolutions over HTTP from one and from two services on one store, each with a load generator of its own. All of them share two processors: what
 * more processors would give shows in the resolutions per second of processor time, which must not fall.
 */
export async function measureReads({ all, folder }: MeasuredStores, rounds: number): Promise<void> {
  if (missing({ wrk: "wrk" }).length > 0) return void has("reads over HTTP", { wrk: "wrk" });
  await using stack = new AsyncDisposableStack();
  const setups: Setup[] = [];
  for (const measured of all.filter(({ name }) => name !== "memory")) {
    const address = measured.address("reads");
    await fillStoreAt(address, TYPES);
    const first = stack.use(await serviceOn(address, folder));
    setups.push({ name: measured.name, services: [first], rates: [], efficiency: [] });
    if (!measured.shared) continue;
    const second = stack.use(await serviceOn(address, folder));
    setups.push({ name: measured.name, services: [first, second], rates: [], efficiency: [] });
  }
  for (const { services } of setups) await load(services, 1);
  for (let round = 0; round < rounds; round += 1) {
    for (const { services, rates, efficiency } of setups) {
      const before = await processorTime(services);
      const requests = await load(services, SECONDS);
      efficiency.push((requests / ((await processorTime(services)) - before)) * 1000);
      rates.push(requests / SECONDS);
    }
  }
  console.log(
    `\nGET /executors/{type}, ${CONNECTIONS} connections to each service; services and load share the processors`,
  );
  printTable(
    ["store", "services", "resolutions per second", "per second of processor time"],
    setups.map(({ name, services, rates, efficiency }) => [
      name,
      String(services.length),
      rate(median(rates)),
      rate(median(efficiency)),
    ]),
  );
}

/** @returns requests that were answered */
async function load(services: readonly Serving[], seconds: number): Promise<number> {
  const counts = services.map(async ({ url }, nth) => {
    const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `${url}/executors/type-${nth}`];
    const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
    const [printed] = await Promise.all([text(child.stdout), once(child, "close")]);
    if (/Non-2xx/.test(printed)) throw new Error(printed);
    return Number(/(\d+) requests in/.exec(printed)?.[1]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** User and system time of services, in milliseconds. */
async function processorTime(services: readonly Serving[]): Promise<number> {
  const times = services.map(async ({ pid }) => {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  });
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}
