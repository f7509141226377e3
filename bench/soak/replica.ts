import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/free-port.ts";
import { Latencies } from "./latencies.ts";

/** SHA-256 of "open-sesame". */
const TOKEN = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";
export const AUTHORIZATION = "Bearer open-sesame";
/** Images without this label are never admitted. */
export const LABEL = "soak.good";

/** Ports below those that the system gives to whoever connects, so that none is taken while a replica is down. */
const FIRST_PORT = 15_000;
const PORTS = 15_000;

/** Messages that should never be logged, whatever is done to a replica. */
const ALARMS = [
  "unhandled failure; the service goes on",
  "uncaught error; the service ends at once",
  "a listener of the journal failed",
];

/** One of the service's processes, which is started again whenever it ends. */
export interface Replica extends AsyncDisposable {
  readonly url: string;
  /** Whether its process has said that it listens. */
  readonly listening: boolean;
  /** Kills it at once. */
  kill(): void;
  readonly counts: ReplicaCounts;
}

export interface ReplicaCounts {
  kills: number;
  starts: number;
  /** From a start of the process until it listens. */
  readonly listening: Latencies;
  /** Ends that nobody asked for: a start while the database is away gives up after a minute. */
  ownEnds: number;
  /** What it said as it did, and what it should never say. */
  readonly lastWords: string[];
  readonly alarms: string[];
}

export interface ReplicaOptions {
  /** The service's program. */
  readonly program: string;
  /** For its configuration. */
  readonly folder: string;
  readonly name: string;
  readonly store: string;
  readonly registryHost: string;
}

/** Milliseconds before one that ended by itself is started again. */
const AGAIN_MS = 250;

export async function startReplica({ program, folder, name, store, registryHost }: ReplicaOptions): Promise<Replica> {
  const port = await freePort("127.0.0.1", FIRST_PORT + Math.floor(Math.random() * PORTS));
  const file = `${folder}/${name}.yaml`;
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: ${port} }
store: "${store}"
auth: { tokens: [{ name: op, role: operator, sha256: ${TOKEN} }] }
limits: { writesPerMinute: 100000 }
checks: { approvedNamespaces: ["${registryHost}/team/*"], policies: [{ name: labelled, labels: { required: { ${LABEL}: "yes" } } }] }
sources: [{ name: own, kind: oci, host: "${registryHost}", insecure: true, repositories: ["team/*"], interval: 10s, requests: { concurrent: 8, perSecond: unlimited } }]
versions: { policies: [{ name: releases, kind: semver, range: ">=1.0.0" }] }
`,
  );
  const counts: ReplicaCounts = {
    kills: 0,
    starts: 0,
    listening: new Latencies(),
    ownEnds: 0,
    lastWords: [],
    alarms: [],
  };
  const ending = new AbortController();
  let child: ChildProcess | undefined;
  let killed = false;
  let listening = false;

  const runOnce = async (): Promise<void> => {
    const args = ["--disable-warning=ExperimentalWarning", program, "serve", "--config", file];
    const env = { ...process.env, NODE_COMPILE_CACHE: `${folder}/compiled` };
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    child = started;
    killed = false;
    counts.starts += 1;
    const ended = once(started, "close");
    const lines: string[] = [];
    const began = performance.now();
    createInterface({ input: started.stdout }).on("line", (line) => {
      if (lines.push(line) > 20) lines.shift();
      if (!line.includes('"msg":"listening"')) return;
      listening = true;
      counts.listening.add(performance.now() - began);
      if (ALARMS.some((alarm) => line.includes(alarm))) counts.alarms.push(`${name}: ${line}`);
    });
    createInterface({ input: started.stderr }).on("line", (line) => void lines.push(line));
    await ended;
    listening = false;
    if (killed || ending.signal.aborted) return;
    counts.ownEnds += 1;
    counts.lastWords.push(`${name}: ${lines.slice(-12).join("\n")}`);
    await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => {});
  };
  const running = (async () => {
    while (!ending.signal.aborted) await runOnce();
  })();
  const kill = (): void => {
    killed = true;
    child?.kill("SIGKILL");
  };
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    get listening() {
      return listening;
    },
    kill() {
      counts.kills += 1;
      kill();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      kill();
      await running;
    },
  };
}
