import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDockerRegistry } from "../testing/docker-registry.ts";
import { serving } from "../testing/serving.ts";
import { median, printTable } from "./figures.ts";
import { fill, names } from "./registry-fill.ts";

// What a change of the version policies would do, asked over HTTP of a service that has read a real registry: one type with many tags, each
// an image of its own, among others. Against the limit that an operator waits for without noticing.
// Usage: npm run bench:policy-dry-run -- [TAGS] [OTHER TYPES] [ROUNDS]

const [tags = 10_000, others = 100, rounds = 21] = process.argv.slice(2).map(Number);
const LIMIT_MS = 200;
const TOKEN = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";

await using stack = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "bench-dry-run-"));
stack.defer(() => rm(folder, { recursive: true }));
const registry = stack.use(await startDockerRegistry());
await fill(registry, ["team/executor-ml"], tags);
await fill(registry, names("team", others), 3);
const file = join(folder, "config.yaml");
await writeFile(
  file,
  `
listen: {host: 127.0.0.1, port: 0}
store: sqlite:${folder}/catalogue.db
checks: none
auth: {tokens: [{name: op, role: operator, sha256: ${TOKEN}}]}
limits: {writesPerMinute: 100000}
sources:
- {name: local, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/*"], interval: 1d, requests: {concurrent: 8, perSecond: unlimited}}
`,
);
const began = performance.now();
const service = stack.use(await serving(file));
const read = (performance.now() - began) / 1000;

interface Change {
  readonly affected: number;
  readonly unchanged: number;
  readonly changes: readonly { readonly type: string; readonly after?: { readonly version: string } }[];
}

/** Asks once. @param type only what changes of this type, as `policy test` asks. @returns milliseconds, and what the answer says */
async function dryRun(
  policies: readonly object[],
  type?: string,
): Promise<{ readonly ms: number; readonly change: Change }> {
  const start = performance.now();
  const response = await fetch(`${service.url}/policy?dryRun=All${type === undefined ? "" : `&type=${type}`}`, {
    method: "PUT",
    headers: { authorization: "Bearer open-sesame", "content-type": "application/json" },
    body: JSON.stringify({ policies, reason: "what would it do?" }),
  });
  const text = await response.text();
  const ms = performance.now() - start;
  if (!response.ok) throw new Error(text);
  return { ms, change: JSON.parse(text) as Change };
}

/** Milliseconds of a processor that the service has used so far, in the kernel's steps of 10 ms; other work on the machine adds little to it. */
async function processorMs(): Promise<number> {
  const stat = await readFile(`/proc/${service.pid}/stat`, "utf8");
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
  return (user + system) * 10;
}

const KINDS: readonly (readonly [name: string, policies: readonly object[], type?: string])[] = [
  ["semver, of all types", [{ name: "all", kind: "semver", range: "<1.0.5000" }]],
  ["the same, by `policy test ml`", [{ name: "all", kind: "semver", range: "<1.0.5000" }], "ml"],
  ["semver, of the one type", [{ name: "one", types: ["ml"], kind: "semver", range: "<1.0.5000" }]],
  [
    "regex",
    [
      {
        name: "one",
        types: ["ml"],
        kind: "regex",
        pattern: String.raw`^1\.0\.(?P<n>\d{1,3})$`,
        order: [{ group: "n", as: "number" }],
      },
    ],
  ],
  [
    "alphabetical, include",
    [{ name: "one", types: ["ml"], kind: "alphabetical", include: [String.raw`^1\.0\.\d{4}$`] }],
  ],
  ["newest, a day old at least", [{ name: "one", types: ["ml"], kind: "newest", minAge: "24h" }]],
];

const rows: string[][] = [];
for (const [name, policies, type] of KINDS) {
  const times: number[] = [];
  const busy: number[] = [];
  let change: Change | undefined;
  for (let round = 0; round < rounds; round++) {
    const before = await processorMs();
    const asked = await dryRun(policies, type);
    busy.push((await processorMs()) - before);
    change = asked.change;
    times.push(asked.ms);
  }
  const chosen = change?.changes.find(({ type }) => type === "ml")?.after?.version ?? "as before";
  const middle = median(times);
  rows.push([
    name,
    String(change?.affected),
    chosen,
    `${times[0]?.toFixed(0)} ms`,
    `${middle.toFixed(0)} ms`,
    `${Math.max(...times).toFixed(0)} ms`,
    (middle / LIMIT_MS).toFixed(2),
    `${(busy.reduce((sum, ms) => sum + ms, 0) / rounds).toFixed(0)} ms`,
    `${Math.max(...busy)} ms`,
  ]);
}
console.log(`${tags} tags of one type and 3 of each of ${others} others, read from a registry in ${read.toFixed(1)} s`);
printTable(
  ["policy", "affected", "ml would be", "first", "median", "max", `of ${LIMIT_MS} ms`, "processor, mean", "max"],
  rows,
);
