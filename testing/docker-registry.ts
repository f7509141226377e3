import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Who may do everything in a registry with `htpasswd`. */
export const REGISTRY_USER = { username: "puller", password: "open-sesame" } as const;
/** The same for an `Authorization` header. */
export const REGISTRY_AUTHORIZATION = `Basic ${Buffer.from("puller:open-sesame").toString("base64")}`;
// bcrypt of the password above at its lowest cost, since every request pays it.
const HTPASSWD = "puller:$2b$04$NvDGtaU/Zw0yvvSIsPp9AOTVyghWRpS0Mwkcv4T90XsQT0t9wbDFO\n";

/** Where the registry reports pushes and deletions. */
interface NotificationEndpoint {
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

/** How a registry is set up. */
export interface DockerRegistryOptions {
  /** Only {@link REGISTRY_USER} gets in. @default false */
  readonly htpasswd?: boolean;
  /** Tokens of this server; `certificate` is a PEM file of its key. */
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly certificate: string;
  };
  readonly notifications?: readonly NotificationEndpoint[];
}

/** A real registry (Debian's docker-registry) on a loopback port, with nothing in it; deletion is enabled. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Its storage. Deleting a repository's folder is how its operators delete a repository. */
  readonly folder: string;
  /** Takes it down, as in an outage; its content stays. */
  stop(): Promise<void>;
  /** Brings it back on the same port. */
  start(): Promise<void>;
}

/** Why tests that need a registry are skipped here, or `false`: `describe("…", { skip: noDockerRegistry })`. */
export const noDockerRegistry: string | false = (() => {
  try {
    execFileSync("docker-registry", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "docker-registry is not installed (Debian: apt-get install docker-registry)";
  }
})();

export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "docker-registry-"));
  await writeFile(join(folder, "htpasswd"), HTPASSWD);
  let address = "127.0.0.1:0";
  let running: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify(configuration(folder, address, options)));
    running = spawn("docker-registry", ["serve", file], { stdio: ["ignore", "ignore", "pipe"] });
    address = await listening(running);
  };
  const stop = async (): Promise<void> => {
    if (!running) return;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
    running = undefined;
  };
  await start();
  return {
    host: address,
    url: `http://${address}`,
    folder: join(folder, "data", "docker", "registry", "v2"),
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** JSON is YAML. */
function configuration(
  folder: string,
  addr: string,
  { htpasswd, token, notifications }: DockerRegistryOptions,
): object {
  const auth = token
    ? {
        token: {
          realm: token.realm,
          service: token.service,
          issuer: token.issuer,
          rootcertbundle: token.certificate,
        },
      }
    : htpasswd && { htpasswd: { realm: "executors", path: join(folder, "htpasswd") } };
  return {
    version: "0.1",
    log: { level: "info", formatter: "json", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr, secret: "one registry only" },
    ...(auth ? { auth } : {}),
    ...(notifications && {
      notifications: {
        endpoints: notifications.map((endpoint) => ({
          ...endpoint,
          timeout: "2s",
          threshold: 3,
          backoff: "200ms",
          ignoredmediatypes: ["application/octet-stream"],
        })),
      },
    }),
  };
}

/** The address that it says it listens on. What it logs later is read and dropped. */
function listening(registry: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = "";
    registry.once("error", reject);
    registry.once("exit", (code) => reject(new Error(`docker-registry ended with ${code}: ${log.slice(-2000)}`)));
    registry.stderr?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address) resolve(address);
    });
  });
}
