import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "@executor-registry/resolver";

/** Milliseconds without another event until a change counts as whole: editors and the kubelet make several. */
const QUIET = 200;

/** The symbolic link that the kubelet exchanges when a mounted ConfigMap changes. */
const MOUNTED_DATA = "..data";

/** Receives changes. */
export interface FileListener {
  /** The file may have changed. */
  changed(): void;
  /** Changes are not noticed any more. */
  lost(problem: unknown): void;
}

/**
 * Reports when a file may have changed, until the signal aborts. Its folder is watched, since a ConfigMap's mount changes by
 * exchanging a symbolic link beside the file, and editors replace files. Other files of the folder, such as a store or a log that is
 * written all the time, do not count.
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
 */
export function followFile(file: string, { changed, lost }: FileListener, clock: Clock, signal: AbortSignal): void {
  if (signal.aborted) return;
  const matters = new Set([basename(file), MOUNTED_DATA]);
  let events = 0;
  const settle = async (): Promise<void> => {
    events += 1;
    const latest = events;
    await clock.sleep(QUIET, signal);
    if (latest === events) changed();
  };
  const noticed = (_event: string, name: string | null): void => {
    if (name === null || matters.has(name)) settle().catch(() => {});
  };
  try {
    watch(dirname(file), { signal }, noticed).on("error", lost);
  } catch (error) {
    lost(error);
  }
}
