import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, megabytes, printTable } from "./figures.ts";
import { type Start, startOnce } from "./start-serve.ts";
import { fillStore, found, openCatalogue, VERSIONS } from "./start-store.ts";

// From the start of the `serve` process, as it is published, to its first 200 of /readyz, and its memory then and a while
// later, for catalogues of several sizes in SQLite; and what writing down one change costs in each.
// Needs `npm run build`, and Linux' /proc. Usage: npm run bench:start -- [ROUNDS] [TYPES…]

const [rounds = 3, ...given] = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [0, 20, 100, 200, 1000];
const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
const file = (types: number): string => join(folder, `${types}.db`);

try {
  for (const types of sizes) await fillStore(file(types), types);
  const starts = new Map<number, Start[]>(sizes.map((types) => [types, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const types of sizes) starts.get(types)?.push(await startOnce(file(types), { empty: types === 0 }));
  }
  const changes = new Map<number, number>();
  for (const types of sizes) changes.set(types, await costOfChange(file(types)));
  printTable(
    ["versions", "ready after", "RSS then", "RSS later", "peak", "one change"],
    [...starts].map(([types, all]) => [
      String(types * VERSIONS),
      `${median(all.map(({ ms }) => ms)).toFixed(0)} ms`,
      megabytes(median(all.map(({ ready }) => ready))),
      megabytes(median(all.map(({ idle }) => idle))),
      megabytes(median(all.map(({ peak }) => peak))),
      `${(changes.get(types) ?? NaN).toFixed(2)} ms`,
    ]),
  );
  const [ten, fifty] = [starts.get(200), starts.get(1000)];
  if (ten)
    compare(
      "ready with 10,000 versions",
      ten.map(({ ms }) => ms),
      510,
      350,
      "ms",
    );
  if (fifty)
    compare(
      "RSS with 50,000 versions",
      fifty.map(({ idle }) => idle / 1e6),
      145,
      120,
      "MB",
    );
} finally {
  await rm(folder, { recursive: true });
}

/** A figure beside what it was before the service was bundled, and what is aimed at. */
function compare(what: string, values: readonly number[], before: number, goal: number, unit: string): void {
  const [middle, least] = [median(values), Math.min(...values)].map((value) => value.toFixed(0));
  console.log(`${what}: median ${middle} ${unit}, least ${least}; before ${before}, the aim is less than ${goal}`);
}

/** Milliseconds for a new version, durable and rendered: the median of many. */
async function costOfChange(path: string): Promise<number> {
  const catalogue = await openCatalogue(path);
  const times: number[] = [];
  for (let nth = 0; nth < 200; nth += 1) {
    const started = performance.now();
    await catalogue.record("bench", () => [found(1_000_000, nth % VERSIONS, 0)]);
    times.push(performance.now() - started);
  }
  await catalogue.close();
  return median(times);
}
