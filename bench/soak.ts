import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { noDockerRegistry } from "../testing/docker-registry.ts";
import { printTable } from "./figures.ts";
import { lacking, STORES } from "./soak/database.ts";
import { figuresOf } from "./soak/figures.ts";
import { makePlan } from "./soak/plan.ts";
import { soak } from "./soak/run.ts";

// Usage: npm run soak -- [--store postgres|redis] [--seconds N] [--short] [--seed N] [--rate N] [--kill-every SECONDS]
// Three services on one database, under load, while replicas are killed, the database goes away, and the network is cut. Ends with 1 where
// something was lost or wrong.

/** Milliseconds for starting and settling, besides the load. */
const OTHERWISE_MS = 180_000;

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "postgres" },
    seconds: { type: "string", default: "0" },
    short: { type: "boolean", default: false },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    rate: { type: "string", default: "5000" },
    "kill-every": { type: "string", default: "1" },
  },
});
const store = STORES.find((one) => one === values.store);
/** @throws Error for what is no number in a range */
function number(name: "seconds" | "seed" | "rate" | "kill-every", least: number, most: number): number {
  const given = Number(values[name]);
  if (given >= least && given <= most) return given;
  throw new Error(`--${name} takes a number from ${least} to ${most}`);
}
const [seed, perSecond] = [number("seed", 0, 2 ** 31), number("rate", 1, 100_000)];
const [seconds, killSeconds] = [number("seconds", 0, 3600), number("kill-every", 0.1, 3600)];
if (store === undefined) throw new Error(`there is no store ${values.store}; there are ${STORES.join(", ")}`);
const missing = lacking(store) || noDockerRegistry;
if (missing) throw new Error(missing);

const plan = makePlan({ seconds, short: values.short, killSeconds }, seed);
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => ending.abort(new Error(`ended by ${signal}`)));
const late = setTimeout(() => ending.abort(new Error("it did not end in time")), plan.totalMs + OTHERWISE_MS);
const began = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

try {
  const soaked = await soak({ store, plan, perSecond, say, signal: ending.signal });
  const figures = figuresOf(soaked);
  const load = loadavg().map((one) => one.toFixed(1));
  console.log(
    `\nsoak on ${store}, seed ${seed}, ${perSecond} resolutions a second; the machine's load: ${load.join(", ")}\n`,
  );
  printTable(
    ["", "seen", "aim"],
    figures.map(({ name, value, aim = "", missed }) => [name, value, missed ? `${aim}: MISSED` : aim]),
  );
  const missed = figures.filter((figure) => figure.missed);
  for (const { name, details = [] } of missed) console.log(`\n${name}:\n${details.slice(0, 20).join("\n")}`);
  for (const { lastWords } of soaked.replicas)
    for (const words of lastWords.slice(0, 3)) console.log(`\nit ended by itself: ${words}`);
  console.log(
    missed.length === 0 ? "\nsoak: every aim was met" : `\nsoak: missed: ${missed.map(({ name }) => name).join(", ")}`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
} catch (problem) {
  console.error(ending.signal.aborted ? ending.signal.reason : problem);
  process.exitCode = 1;
} finally {
  clearTimeout(late);
}
