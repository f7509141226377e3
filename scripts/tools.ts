import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether a command is on the PATH. */
export function onPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Finds the commands that some tests use; installs the missing ones with apt-get where that is possible without asking
 * (root on Debian). Prints what stays missing: the tests that need it skip themselves.
 *
 * @param packages command → Debian package
 */
export function findOrInstall(packages: Readonly<Record<string, string>>): void {
  const missing = (): string[] => Object.keys(packages).filter((command) => !onPath(command));
  if (missing().length === 0) return;
  const root = process.getuid?.() === 0;
  if (root && existsSync("/etc/debian_version") && onPath("apt-get")) {
    const names = missing().map((command) => packages[command] ?? command);
    console.log(`installing ${names.join(", ")} for the tests that use them`);
    try {
      execFileSync("apt-get", ["update"], { stdio: "ignore" });
      const install = ["install", "-y", "--no-install-recommends", ...names];
      execFileSync("apt-get", install, { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    } catch (error) {
      console.log(`apt-get did not succeed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const command of missing()) {
    console.log(
      `SKIPPED: tests that use ${command}, which is not on the PATH${root ? "" : " (not root: not installed)"}`,
    );
  }
}
