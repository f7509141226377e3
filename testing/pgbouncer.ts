import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type PostgresServer, program, unprivileged } from "./postgres-server.ts";

/** A real PgBouncer on a loopback port, which gives a connection to the server away after each transaction. */
export interface PgBouncer extends AsyncDisposable {
  /** `postgres://executor@127.0.0.1:PORT/executor` */
  readonly address: string;
}

const PGBOUNCER = program("pgbouncer");

/** Why tests that need PgBouncer are skipped here, or `false`. */
export const noPgBouncer: string | false = PGBOUNCER
  ? false
  : "PgBouncer is not installed (Debian: apt-get install pgbouncer)";

export async function startPgBouncer({ port: target }: PostgresServer): Promise<PgBouncer> {
  const user = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "pgbouncer-"));
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  const lines = [
    "[databases]",
    `executor = host=127.0.0.1 port=${target} dbname=executor user=executor`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 3",
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  if (user) for (const path of [folder, file]) chownSync(path, user.uid, user.gid);
  const bouncer = spawn(PGBOUNCER ?? "", [file], { cwd: folder, stdio: ["ignore", "ignore", "pipe"], ...user });
  try {
    await ready(bouncer);
  } catch (problem) {
    await rm(folder, { recursive: true });
    throw problem;
  }
  return {
    address: `postgres://executor@127.0.0.1:${port}/executor`,
    async [Symbol.asyncDispose]() {
      const gone = once(bouncer, "exit");
      bouncer.kill("SIGKILL");
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

/** Resolves when it takes connections. What it logs later is read and dropped. */
function ready(bouncer: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    bouncer.once("error", reject);
    bouncer.once("exit", (code) => reject(new Error(`pgbouncer ended with ${code}: ${log.slice(-2000)}`)));
    bouncer.stderr?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      if (log.includes("process up")) resolve();
    });
  });
}
