import { spawnSync } from "node:child_process";
import { installCommand, missing, type Packages } from "../scripts/tools.ts";

/** Ends the process with the command that installs what is missing: without it there is nothing to measure. */
export function requireCommands(packages: Packages): void {
  const absent = missing(packages);
  if (absent.length === 0) return;
  console.error(`needs ${absent.join(", ")}, not on the PATH; on Debian: ${installCommand(packages)}`);
  process.exit(1);
}

/** Whether a peer is installed; says how to install it when it is not: the others are measured without it. */
export function has(peer: string, packages: Packages): boolean {
  if (missing(packages).length === 0) return true;
  console.error(`SKIPPED: ${peer}, which is not installed; on Debian: ${installCommand(packages)}`);
  return false;
}

/** As {@link has}, for a module of Debian's python3. */
export function hasPythonModule(peer: string, module: string, debianPackage: string): boolean {
  if (spawnSync("/usr/bin/python3", ["-c", `import ${module}`], { stdio: "ignore" }).status === 0) return true;
  console.error(`SKIPPED: ${peer}, which is not installed; on Debian: apt-get install ${debianPackage}`);
  return false;
}
