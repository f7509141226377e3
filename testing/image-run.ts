import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuiltImage } from "./image-build.ts";

/** What is mounted into a container. */
export interface Mount {
  /** A folder or a file of this machine. */
  readonly from: string;
  /** Where it is in the container. */
  readonly to: string;
  readonly writable?: boolean;
}

/**
 * Runs a built image as a container with a read-only root does: as its user, in its root, with its variables and no others, and a `/tmp` of
 * its own. It shares this machine's network.
 * @param args in place of its command
 */
export function runImage(
  { root, config }: BuiltImage,
  mounts: readonly Mount[],
  args: readonly string[] = config.command,
): ChildProcess {
  for (const path of ["/proc", "/dev", ...mounts.map(({ to }) => to)]) {
    if (!existsSync(join(root, path))) mkdirSync(join(root, path), { recursive: true });
  }
  const binds = mounts.flatMap(({ from, to, writable }) => [
    `mount --bind "${from}" "$root${to}"`,
    ...(writable ? [] : [`mount -o remount,bind,ro "$root${to}"`]),
  ]);
  const script = [
    'root=$1; shift; mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"',
    'mount -t tmpfs tmpfs "$root/tmp"; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"',
    ...binds,
    `cd "$root"; exec chroot --userspec="${config.user}" . "$@"`,
  ].join("\n");
  return spawn("unshare", ["--mount", "sh", "-ec", script, "sh", root, ...config.entrypoint, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...config.env },
  });
}
