import { loadavg } from "node:os";
import { measureAppends } from "./stores/append.ts";
import { measureContention } from "./stores/contention.ts";
import { measureGrowth } from "./stores/growth.ts";
import { startStores } from "./stores/places.ts";
import { measurePropagation } from "./stores/propagation.ts";
import { measureReads } from "./stores/reads.ts";
import { measureTail } from "./stores/tail.ts";

// The stores side by side, each database on a server of its own that this starts: appending and reading back, the time until another
// replica answers with what was written, reads over HTTP, and what a long journal costs. What each part compares with, its file says.
// Needs `npm run build`; PostgreSQL, redis-server and wrk where they are installed.
// Usage: npm run bench:stores -- [ROUNDS] [append|contention|tail|propagation|reads|growth …] [--million]

const PARTS = {
  append: measureAppends,
  contention: measureContention,
  tail: measureTail,
  propagation: measurePropagation,
  reads: measureReads,
  growth: measureGrowth,
} as const;

const given = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const rounds = given.map(Number).find((number) => number > 0) ?? 3;
const wanted = Object.entries(PARTS).filter(([name]) => given.includes(name));

await using stores = await startStores();
for (const [name, measure] of wanted.length > 0 ? wanted : Object.entries(PARTS)) {
  const load = loadavg()[0]?.toFixed(1);
  await measure(stores, rounds);
  console.log(`${name}: load ${load} before, ${loadavg()[0]?.toFixed(1)} after`);
}
