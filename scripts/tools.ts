import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian puts servers that other programs start. */
const SERVERS = ["/usr/sbin", "/usr/lib/postgresql/*/bin"];

/** Whether a command is on the PATH, or where Debian puts servers. */
export function onPath(command: string): boolean {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...globSync(SERVERS)].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Commands and the Debian packages they come with. */
export type Packages = Readonly<Record<string, string>>;

/** Those of the commands that are not on the PATH. */
export function missing(packages: Packages): readonly string[] {
  return Object.keys(packages).filter((command) => !onPath(command));
}

/** The command line that installs the missing ones on Debian. */
export function installCommand(packages: Packages): string {
  const names = missing(packages).map((command) => packages[command] ?? command);
  return `apt-get install ${[...new Set(names)].join(" ")}`;
}

/**
 * Installs the missing commands with apt-get.
 * @throws Error where that is not possible: not on Debian, not root, or apt-get failed
 */
export function install(packages: Packages): void {
  if (missing(packages).length === 0) return;
  const command = installCommand(packages);
  if (!existsSync("/etc/debian_version") || !onPath("apt-get")) {
    throw new Error(`--install needs Debian's apt-get; install these yourself: ${missing(packages).join(", ")}`);
  }
  if (process.getuid?.() !== 0) throw new Error(`--install needs root; run as root: ${command}`);
  console.log(command);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-q"], { stdio: ["ignore", "ignore", "inherit"] });
  const args = [...command.split(" ").slice(1), "-y", "-q", "--no-install-recommends"];
  execFileSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
}
