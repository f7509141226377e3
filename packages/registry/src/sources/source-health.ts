import type { ImageSource, ScanProgress } from "./image-source.ts";

/** How a source fares. */
export interface SourceHealth {
  readonly name: string;
  readonly kind: ImageSource["kind"] | "cluster";
  /** `starting` before it was looked at the first time; `failing` when the last look was not complete. */
  readonly state: "starting" | "ready" | "failing";
  /** When the last complete scan ended; of a cluster, when it was last known to be current. ISO 8601 in UTC. */
  readonly completed?: string;
  /** When the last scan ended, complete or not. */
  readonly attempted?: string;
  readonly problem?: { readonly code: string; readonly message: string };
  /** What could not be read, a sentence each; the first of them. */
  readonly incomplete?: readonly string[];
  /** How far the scan that is under way is. */
  readonly progress?: ScanProgress;
  /** Of the last scan; a cluster is watched instead. */
  readonly repositories?: number;
  readonly unread?: number;
  readonly requests?: number;
}
