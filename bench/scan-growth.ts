import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, printTable } from "./figures.ts";
import { startCountedRegistry } from "./registry-counted.ts";
import { fill, names } from "./registry-fill.ts";
import { startScanning } from "./registry-service.ts";
import { requireCommands } from "./peers.ts";

// What a scan that finds nothing new costs by the number of repositories and tags, and by what the catalogue remembers of images
// that are gone: one service that is configured to look at fewer and fewer repositories, then at others of the same types.
// Needs docker-registry (Debian's package). Usage: npm run bench:scan-growth -- [SCANS] [REPOSITORIES]

requireCommands({ "docker-registry": "docker-registry" });
const [scans = 5, count = 200] = process.argv.slice(2).map(Number);
const MANY = 50;
const FEW = 10;
const [half, quarter] = [Math.floor(count / 2), Math.floor(count / 4)];
const folder = await mkdtemp(join(tmpdir(), "bench-growth-"));

await using registry = await startCountedRegistry();
try {
  for (const [group, tags] of [["few", FEW] as const, ["many", MANY] as const]) {
    await fill(registry, names(`${group}/a`, quarter), tags);
    await fill(registry, names(`${group}/b`, half - quarter, quarter), tags);
    await fill(registry, names(`${group}/c`, count - half, half), tags);
  }
  const sizes = [
    { repositories: quarter, within: ["a"] },
    { repositories: half, within: ["a", "b"] },
    { repositories: count, within: ["a", "b", "c"] },
  ];
  const setups = (group: string, tags: number) =>
    sizes.map(({ repositories, within }) => ({
      repositories,
      tags,
      patterns: within.map((part) => `${group}/${part}/*`),
    }));
  const [first, ...others] = [...setups("many", MANY).reverse(), ...setups("few", FEW)];
  const rows: string[][] = [];
  await using service = await startScanning(registry, first?.patterns ?? [], folder);
  for (const setup of [first, ...others]) {
    if (!setup) continue;
    if (setup !== first) await service.look(setup.patterns);
    const { repositories, tags } = setup;
    const all = [];
    for (let scan = 0; scan < scans; scan += 1) all.push(await service.scan());
    const seconds = median(all.map((scan) => scan.seconds));
    const arrived = median(all.map((scan) => scan.arrived));
    const gone = count * MANY - (tags === MANY ? repositories * MANY : 0);
    rows.push([`${repositories}`, `${tags}`, `${gone}`, `${arrived}`, `${(seconds * 1000).toFixed(0)} ms`]);
  }
  printTable(["repositories", "tags of each", "images remembered that are gone", "requests", "time"], rows);
} finally {
  await rm(folder, { recursive: true });
}
