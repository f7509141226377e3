import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
/** A name space of mounts for one process, so that a volume vanishes with it; needs no privileges where users have these. */
const UNSHARE = ["--map-root-user", "--mount"];

/** Why tests that fill a volume are skipped here, or `false`. */
export const noVolume: string | false = (() => {
  try {
    execFileSync("unshare", [...UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/tmp"], { stdio: "ignore" });
    return false;
  } catch {
    return "this machine does not let its users mount a small volume to fill (unshare --map-root-user --mount)";
  }
})();

/** Runs a script with a volume of 2 MiB of its own, whose folder is its first argument. @returns the JSON that it prints */
export async function inSmallVolume(script: URL, ...args: readonly string[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "volume-"));
  const node = [process.execPath, "--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"];
  const mounted = 'folder=$1; shift; mount -t tmpfs -o size=2m tmpfs "$folder" && exec "$@"';
  try {
    const command = ["sh", "-c", mounted, "sh", folder, ...node, fileURLToPath(script), folder, ...args];
    const { stdout } = await run("unshare", [...UNSHARE, ...command]);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}
