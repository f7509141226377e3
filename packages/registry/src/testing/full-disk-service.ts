// A process that has the small volume at argv[2] to itself. It serves the registry at argv[3] from a journal on it, fills the
// volume, makes room, and prints what happened as JSON.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { pushImage } from "../../../../testing/push.ts";
import { parseConfig } from "../config/parse-config.ts";
import { verifyChain } from "../journal/chain.ts";
import { startService } from "../supervisor/service.ts";
import { openStore } from "../stores/open.ts";

const [, , folder = "", host = ""] = process.argv;
const address = `sqlite:${join(folder, "catalogue.db")}`;
const ballast = join(folder, "ballast");
const text = `listen: {host: 127.0.0.1, port: 0}
auth: {writes: open}
store: "${address}"
limits: {writesPerMinute: 1000}
sources: [{name: main, kind: oci, host: "${host}", insecure: true, repositories: [executor-ml], interval: 1s}]
`;
const config = parseConfig(text, "full-disk.yaml");
const log = pino({ level: "silent" });
const get = async (path: string) => (await fetch(service.url + path)).json() as Promise<Record<string, never>>;
const refresh = async (): Promise<number> => {
  const response = await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
  await response.arrayBuffer();
  return response.status;
};
const push = (nth: number): Promise<unknown> => {
  const labels = { notes: "x".repeat(20_000) };
  const created = new Date(Date.UTC(2026, 0, 1, 0, nth)).toISOString();
  return pushImage({ url: `http://${host}` }, "executor-ml", `1.${nth}.0`, { labels, created });
};
const until = async (status: string): Promise<Record<string, never>> => {
  for (;;) {
    const health = await get("/health");
    if (health["status"] === status) return health;
  }
};

let service = await startService({ config, log });
await until("ok");
await writeFile(ballast, new Uint8Array(1 << 20));
let acknowledged = 0;
let status = 200;
for (let nth = 1; status === 200; nth++) {
  await push(nth);
  status = await refresh();
  if (status === 200) acknowledged = nth;
}
const health = await until("degraded");
const next = parseConfig(`${text}checks: {approvedNamespaces: [elsewhere/x]}\n`, "full-disk.yaml");
const reconfigured = await service.reconfigure(next).then(
  () => "taken over",
  ({ code }: { code: string }) => code,
);
const { version } = await get("/executors/ml");
const { total: known } = await get("/executors/ml/versions");

await rm(ballast);
const { sources } = await until("ok");
const { version: newest } = await get("/executors/ml");
await service.close();
service = await startService({ config, log });
const { version: restored } = await get("/executors/ml");
await service.close();
const store = await openStore(address);
const { sequence } = verifyChain(await store.read(0, 1_000_000));
const head = await store.head();
await store.close();
const entries = { verified: sequence, held: head.sequence };
const full = { status, health, version, known, reconfigured };
process.stdout.write(JSON.stringify({ acknowledged, full, after: { newest, restored, sources, entries } }));
