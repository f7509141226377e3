import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median, printTable } from "./figures.ts";
import { freePort } from "../scripts/free-port.ts";
import { found, openCatalogue } from "./start-store.ts";

// Processor time of the service for questions that anybody may ask, next to a read of a known type: 10,000 types, one of them with
// 5,000 images. Limit: 5 times a read. Needs Linux' /proc. Usage: npm run bench:questions -- [ROUNDS] [REQUESTS]

const [rounds = 3, requests = 200] = process.argv.slice(2).map(Number);
const TYPES = 10_000;
const IMAGES = 5000;
const LIMIT = 5;
/** Milliseconds of one tick of /proc's clock. */
const TICK_MS = 10;

const questions: readonly (readonly [what: string, path: (nth: number) => string])[] = [
  ["a read of a known type", (nth) => `/executors/type-${nth % TYPES}`],
  ["an unknown type", (nth) => `/executors/typo-${nth}`],
  ["an unknown type that is like many", (nth) => `/executors/type-${nth}x`],
  ["fields of one type", (nth) => `/executors/type-${nth % TYPES}?fields=image,version`],
  ["fields, a page of one", (nth) => `/executors?fields=image&limit=1&after=type-${nth}`],
  ["one of 5,000 versions", (nth) => `/executors/type-0/versions?limit=1&offset=${nth}`],
  ["one of the rejected versions", () => "/executors/type-0/versions?limit=1&state=rejected"],
  ["a capability that nothing has", (nth) => `/executors?capability=c${nth}`],
];

const folder = await mkdtemp(join(tmpdir(), "bench-questions-"));
const store = join(folder, "catalogue.db");
const port = await freePort();
const catalogue = await openCatalogue(store);
await catalogue.record("bench", () => Array.from({ length: TYPES }, (_, type) => found(type, 0, 0)));
await catalogue.record("bench", () => Array.from({ length: IMAGES }, (_, version) => found(0, version, 0)));
await catalogue.close();
const config = join(folder, "registry.yaml");
await writeFile(
  config,
  `listen: {host: 127.0.0.1, port: ${port}}
store: "sqlite:${store}"
log: {level: error}
checks: none
sources: [{name: builds, kind: oci, host: "127.0.0.1:1", insecure: true, interval: 1d, repositories: ["team/**"]}]
`,
);
const child = spawn(
  process.execPath,
  ["--conditions=executor-registry-source", "packages/registry/src/command/main.ts", "serve", "--config", config],
  {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
  },
);
const ended = once(child, "close");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

try {
  while ((await ask("/executors/type-1").catch(() => 0)) !== 200) {
    if (child.exitCode !== null) throw new Error("the service ended before it answered");
    await sleep(50);
  }
  const costs = new Map<string, number[]>(questions.map(([what]) => [what, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [what, path] of questions) {
      const before = await processorTime();
      for (let nth = 0; nth < requests; nth += 1) await ask(path(round * requests + nth));
      // The first round lets the compiler see everything once.
      if (round > 0) costs.get(what)?.push(((await processorTime()) - before) / requests);
    }
  }
  const read = median(costs.get(questions[0]![0]) ?? []);
  printTable(
    ["question", "processor time", "of a read", `limit ${LIMIT}`],
    [...costs].map(([what, all]) => {
      const cost = median(all);
      return [what, `${cost.toFixed(2)} ms`, (cost / read).toFixed(1), cost / read <= LIMIT ? "kept" : "EXCEEDED"];
    }),
  );
} finally {
  child.kill("SIGKILL");
  await ended;
  agent.destroy();
  await rm(folder, { recursive: true });
}

function ask(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    }).on("error", reject);
  });
}

/** User and system time of the service, in milliseconds. */
async function processorTime(): Promise<number> {
  const fields = (await readFile(`/proc/${child.pid ?? 0}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
