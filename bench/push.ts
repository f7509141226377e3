import { makeImage } from "../testing/images.ts";
import { pushImage } from "../testing/push.ts";
import { printTable } from "./figures.ts";
import { type PushRig, startRig, type RigOptions } from "./push-rig.ts";
import { imageOptions } from "./registry-fill.ts";
import { requireCommands } from "./peers.ts";

// From a push to the answer: from when a real registry has answered the manifest's PUT until `GET /executors/{type}` gives the
// new digest, and until a production resolver in another process than the service gives it. The limit is 1 s: without events, a service would have to scan everything every second for it.
// The versions before are in the repository that is pushed to.
// Needs docker-registry (Debian's package). Usage: npm run bench:push -- [PUSHES] [VERSIONS] [BURSTS]

requireCommands({ "docker-registry": "docker-registry" });
const [pushes = 200, versions = 1000, bursts = 5] = process.argv.slice(2).map(Number);
const AT_ONCE = 50;
const WARM_UP = 5;
const LIMIT = 1000;

interface Latency {
  readonly http: number;
  readonly resolver: number;
}

/** Pushes one image, newer than all before, and waits until it is the answer everywhere. */
async function push(rig: PushRig, repository: string): Promise<Latency> {
  count += 1;
  const options = imageOptions(repository, count);
  const seen = rig.seen(makeImage(options).descriptor.digest);
  await pushImage(rig.registry, repository, `2.0.${count}`, options);
  const pushed = performance.now();
  const [http, resolver] = await Promise.all([seen.http, seen.resolver]);
  return { http: http - pushed, resolver: resolver - pushed };
}

async function oneByOne(rig: PushRig, repository: string): Promise<readonly Latency[]> {
  const all: Latency[] = [];
  for (let index = 0; index < WARM_UP + pushes; index += 1) all.push(await push(rig, repository));
  return all.slice(WARM_UP);
}

/** As many repositories, one push to each at the same time. */
async function inBursts(rig: PushRig): Promise<readonly Latency[]> {
  const all: Latency[] = [];
  for (let burst = 0; burst <= bursts; burst += 1) {
    const latencies = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => push(rig, `team/executor-burst-${index}`)),
    );
    if (burst > 0) all.push(...latencies);
  }
  return all;
}

function rows(name: string, latencies: readonly Latency[]): readonly string[][] {
  return (["http", "resolver"] as const).map((side) => {
    const sorted = latencies.map((latency) => latency[side]).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
    const who = side === "http" ? "GET /executors/{type}" : "resolver";
    const within = at(0.99) < LIMIT ? "yes" : "no";
    return [name, who, ...[0.5, 0.9, 0.99, 1].map((share) => `${at(share).toFixed(0)} ms`), within];
  });
}

// Newer than every image that is stored beforehand.
let count = versions;
const table: string[][] = [];
const repository = "team/executor-bench";
const setups: readonly RigOptions[] = [
  { store: "memory", versions: 1, repository },
  { store: "sqlite", versions: 1, repository },
  { store: "sqlite", versions, repository },
];
for (const setup of setups) {
  await using rig = await startRig(setup);
  const name = `${pushes} one after the other, ${setup.store}, ${setup.versions} before`;
  table.push(...rows(name, await oneByOne(rig, repository)));
  if (setup === setups.at(-1))
    table.push(...rows(`${bursts} × ${AT_ONCE} at once, ${setup.store}`, await inBursts(rig)));
}
printTable(["pushes", "until it is the answer of", "median", "p90", "p99", "max", "p99 < 1 s"], table);
