import { setTimeout as sleep } from "node:timers/promises";
import type { DockerRegistry } from "../../testing/docker-registry.ts";
import type { Random } from "./plan.ts";
import { pushVersion, type SoakType } from "./types.ts";
import { ask } from "./writes.ts";

const EVERY_MS = 700;
const SCAN_MS = 3000;

export interface Pushes {
  pushed: number;
  /** Which lack a label. */
  bad: number;
  /** Looks at the registry that a replica was asked for, and those that it finished. */
  asked: number;
  finished: number;
}

/** Pushes images, some of which must not be admitted, and has a random replica look; else whoever leads finds them. */
export async function push(
  registry: DockerRegistry,
  types: readonly SoakType[],
  { urls, random, signal }: { readonly urls: readonly string[]; readonly random: Random; readonly signal: AbortSignal },
): Promise<Pushes> {
  const pushes: Pushes = { pushed: 0, bad: 0, asked: 0, finished: 0 };
  for (let patch = 1; !signal.aborted; patch++) {
    const type = types[Math.floor(random() * types.length)]!;
    const good = random() < 0.8;
    await pushVersion(registry, type, good ? `2.0.${patch}` : `3.0.${patch}`, good);
    pushes.pushed += 1;
    if (!good) pushes.bad += 1;
    if (random() < 0.7) {
      pushes.asked += 1;
      const url = urls[Math.floor(random() * urls.length)]!;
      const path = `/executors/refresh?type=${type.name}&wait=true`;
      if ((await ask(url, { method: "POST", path }, undefined, SCAN_MS)).status === 200) pushes.finished += 1;
    }
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return pushes;
}
