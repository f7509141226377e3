import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real Redis server on a loopback port, with a folder of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly folder: string;
  /** Kills it, as a crash does; its files stay. */
  stop(): Promise<void>;
  /** Brings it back on the same port. */
  start(): Promise<void>;
  /** Stops and resumes its process: it is there, and answers nothing meanwhile. */
  freeze(): void;
  thaw(): void;
  /** What redis-cli prints. */
  cli(...args: string[]): string;
}

/** Why tests that need a Redis server are skipped here, or `false`. */
export const noRedisServer: string | false = (() => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "redis-server is not installed (Debian: apt-get install redis-server)";
  }
})();

/** The settings that the promise of a store needs. */
export const DURABLE = { appendonly: "yes", appendfsync: "always", "maxmemory-policy": "noeviction" } as const;

interface RedisServerOptions {
  readonly mode?: "server" | "sentinel";
  readonly tls?: boolean;
  readonly busPort?: boolean;
}

/**
 * @param settings as in its configuration file. @default {@link DURABLE}
 * @param options.mode `sentinel` for one. @default server
 * @param options.busPort for a node of a cluster, whose other port is 10,000 higher
 * @param options.tls the port speaks TLS alone, with the files that the settings name
 */
export async function startRedisServer(
  settings: Readonly<Record<string, string | readonly string[]>> = DURABLE,
  { mode = "server", tls = false, busPort = false }: RedisServerOptions = {},
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const port = await freePort(busPort ? (one) => one < 55_000 : undefined);
  let running: ChildProcess | undefined;
  const ports = tls ? { port: "0", "tls-port": String(port) } : { port: String(port) };
  const all = { bind: "127.0.0.1", dir: folder, ...(mode === "server" && { save: "" }), ...settings, ...ports };
  const file = join(folder, "redis.conf");
  const lines = Object.entries(all).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name} ${value === "" ? '""' : value}`),
  );
  await writeFile(file, `${lines.join("\n")}\n`);

  const start = async (): Promise<void> => {
    const server = spawn("redis-server", [file, ...(mode === "sentinel" ? ["--sentinel"] : [])], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    running = server;
    await listening(server, port);
  };
  const stop = async (): Promise<void> => {
    if (running === undefined) return;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
    running = undefined;
  };
  try {
    await start();
  } catch (problem) {
    await rm(folder, { recursive: true, force: true });
    throw problem;
  }
  return {
    port,
    host: `127.0.0.1:${port}`,
    folder,
    start,
    stop,
    freeze: () => void running?.kill("SIGSTOP"),
    thaw: () => void running?.kill("SIGCONT"),
    cli: (...args) =>
      execFileSync("redis-cli", ["-p", String(port), ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim(),
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when its port answers; what it logs is read and dropped. */
async function listening(server: ChildProcess, port: number): Promise<void> {
  let log = "";
  server.stdout?.on("data", (chunk: Buffer) => {
    if (log.length < 100_000) log += chunk.toString();
  });
  const ended = new AbortController();
  server.once("error", (problem) => ended.abort(problem));
  server.once("exit", (code) => ended.abort(new Error(`redis-server ended with ${code}: ${log.slice(-2000)}`)));
  while (!(await answers(port))) ended.signal.throwIfAborted();
  ended.signal.throwIfAborted();
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port that nothing listened on just now: Redis takes none that the system chooses. */
async function freePort(fits: (port: number) => boolean = () => true): Promise<number> {
  for (;;) {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    if (fits(port)) return port;
  }
}
