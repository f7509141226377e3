import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chownSync, constants, globSync } from "node:fs";
import { appendFile, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A real PostgreSQL server on a loopback port, with a cluster of databases of its own. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** `postgres://executor@127.0.0.1:PORT/executor`: its owner, who needs no password unless the options say so. */
  readonly address: string;
  /** Ends it as a crash does: what is not in its log on the disk is lost, and it recovers when it starts. */
  stop(): Promise<void>;
  /** Brings it back on the same port. */
  start(): Promise<void>;
  /** What psql prints for a statement, as the owner. */
  sql(statement: string): string;
}

export interface PostgresOptions {
  /** As in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf, from the first on. @default everybody gets in without a password */
  readonly hba?: readonly string[];
  /** In PEM: it takes connections with TLS. */
  readonly tls?: { readonly key: string; readonly certificate: string };
}

/** Debian puts the server's programs where no PATH leads. */
export function program(name: string): string | undefined {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    ...globSync("/usr/lib/postgresql/*/bin").sort().reverse(),
  ];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const [POSTGRES, INITDB, PSQL] = ["postgres", "initdb", "psql"].map(program);

/** Why tests that need a PostgreSQL server are skipped here, or `false`. */
export const noPostgresServer: string | false =
  POSTGRES && INITDB && PSQL ? false : "PostgreSQL is not installed (Debian: apt-get install postgresql)";

/** It refuses to run as root. */
export function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = ["-u", "-g"].map((which) =>
        Number(execFileSync("id", [which, user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // The next one.
    }
  }
  throw new Error("no user postgres or nobody to run a server as");
}

export async function startPostgresServer({ settings = {}, hba, tls }: PostgresOptions = {}): Promise<PostgresServer> {
  const user = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "postgres-"));
  const data = join(folder, "data");
  const port = await freePort();
  let running: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const server = spawn(POSTGRES ?? "", ["-D", data], { cwd: folder, stdio: ["ignore", "ignore", "pipe"], ...user });
    running = server;
    await ready(server);
  };
  const stop = async (): Promise<void> => {
    if (running === undefined) return;
    const gone = once(running, "exit");
    running.kill("SIGQUIT");
    await gone;
    running = undefined;
  };
  try {
    if (user) chownSync(folder, user.uid, user.gid);
    const made = ["-D", data, "-U", "executor", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync"];
    execFileSync(INITDB ?? "", made, { cwd: folder, stdio: "ignore", ...user });
    for (const [name, text] of Object.entries({ "server.key": tls?.key, "server.crt": tls?.certificate })) {
      if (text === undefined) continue;
      await writeFile(join(data, name), text, { mode: 0o600 });
      if (user) await chown(join(data, name), user.uid, user.gid);
    }
    const all = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      ssl: tls ? "on" : "off",
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`);
    await appendFile(join(data, "postgresql.conf"), lines.join(""));
    if (hba) await writeFile(join(data, "pg_hba.conf"), [...hba, ""].join("\n"));
    await start();
    const sql = (statement: string, database = "executor"): string =>
      execFileSync(
        PSQL ?? "",
        [
          "-h",
          folder,
          "-p",
          String(port),
          "-U",
          "executor",
          "-d",
          database,
          "-XAtqv",
          "ON_ERROR_STOP=1",
          "-c",
          statement,
        ],
        { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
      ).trim();
    sql("CREATE DATABASE executor", "postgres");
    return {
      port,
      address: `postgres://executor@127.0.0.1:${port}/executor`,
      start,
      stop,
      sql,
      async [Symbol.asyncDispose]() {
        await stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (problem) {
    await stop();
    await rm(folder, { recursive: true, force: true });
    throw problem;
  }
}

/** Resolves when it takes connections. What it logs later is read and dropped. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${log.slice(-2000)}`)));
    server.stderr?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      if (log.includes("ready to accept connections")) resolve();
    });
  });
}

/** A port that nothing listened on just now: PostgreSQL takes none that the system chooses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
