import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../scripts/free-port.ts";

/** One start of the service. Bytes and milliseconds. */
export interface Start {
  /** From the start of the process to the first 200 of `/readyz`; of `/livez`, where nothing was restored. */
  readonly ms: number;
  /** Resident when it was ready. */
  readonly ready: number;
  /** Resident when it had been left alone for a while. */
  readonly idle: number;
  readonly peak: number;
}

/** Milliseconds that a service is left alone before it is measured again. */
const IDLE = 5000;

interface StartOptions {
  /** Nothing is in the store, and the source does not answer: it never becomes ready. @default false */
  readonly empty?: boolean;
  /** The store's address. @default the SQLite file */
  readonly store?: string;
  /** Uses the service when it has been left alone for a while. */
  readonly use?: (url: string) => Promise<void>;
  /** Give it time to write its snapshot at the end. @default false */
  readonly gracefully?: boolean;
}

/**
 * Starts `executor-registry-server serve` as it is installed, waits, and ends it, without giving it time to write unless the options say so.
 * @param file of the store in SQLite; its configuration is written beside it
 */
export async function startOnce(
  file: string,
  { empty = false, store = `sqlite:${file}`, use, gracefully = false }: StartOptions,
): Promise<Start> {
  const port = await freePort();
  const config = `${file}.yaml`;
  // Nothing listens on port 1: what was found stays as it is.
  await writeFile(
    config,
    `listen: {host: 127.0.0.1, port: ${port}}
store: "${store}"
log: {level: error}
checks: none
sources: [{name: builds, kind: oci, host: "127.0.0.1:1", insecure: true, interval: 1d, repositories: ["team/**"]}]
`,
  );
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["packages/registry/bin/executor-registry-server.cjs", "serve", "--config", config],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
    },
  );
  const ended = once(child, "close");
  try {
    const url = `http://127.0.0.1:${port}/${empty ? "livez" : "readyz"}`;
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error("the service ended; run `npm run build` first");
      await sleep(2);
    }
    const ms = performance.now() - started;
    const ready = await memory(child.pid);
    await sleep(IDLE);
    const idle = await memory(child.pid);
    await use?.(`http://127.0.0.1:${port}`);
    return { ms, ready: ready.rss, idle: idle.rss, peak: idle.peak };
  } finally {
    // Where there is nothing to write it may end by itself, which also keeps its compiled code for the starts after it.
    child.kill(empty || gracefully ? "SIGINT" : "SIGKILL");
    await ended;
  }
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.ok ?? false;
}

async function memory(pid = 0): Promise<{ readonly rss: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return { rss: bytes("VmRSS"), peak: bytes("VmHWM") };
}
