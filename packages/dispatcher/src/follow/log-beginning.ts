import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";

/** What is known of the moments at which a log and its reading began, in milliseconds since the Unix epoch by the cluster's clock. */
export interface LogBeginning {
  readonly started: number;
  /** When the first reading was accepted; nothing when that is not known. */
  readonly opened: number | undefined;
  /** When the container ended, if it has. */
  readonly ended: number | undefined;
  /** The time of the first line that came, if any did. */
  readonly firstLine: number | undefined;
}

/** A node looks every 10 seconds, by default, whether a log has to be rotated. */
const UNROTATED = 10_000;
/** Times are whole seconds, and clocks differ a little. */
const TOLERANCE = 2000;

/**
 * Whether a log is known to have been read from its first line on. A node gives a log only from its last rotation on, and does
 * not say so. So either the first line was written as the container started, or reading began before it was written.
 */
export function isFromTheBeginning({ started, opened, ended, firstLine }: LogBeginning): boolean {
  if (firstLine === undefined) return Math.min(opened ?? Infinity, ended ?? Infinity) - started <= UNROTATED;
  return firstLine - started <= TOLERANCE || (opened !== undefined && opened <= firstLine);
}

/** The cluster's time now, from its last answer; the machine's where no answer had one. */
export function clusterTime(api: Pick<KubernetesApi, "serverTime">, now: number): number {
  const time = api.serverTime();
  // Its times are whole seconds; too late a time claims less than too early a one.
  return time ? time.server + 1000 + (now - time.local) : now;
}
