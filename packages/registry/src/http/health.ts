import type { HealthDocument } from "@executor-registry/resolver/internal";
import type { FollowerHealth } from "../audit/follower.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Snapshot } from "../choice/snapshot.ts";
import type { Freshness } from "./freshness.ts";
import type { SourceHealth } from "../sources/image-source.ts";

/** What health is judged by. */
export interface HealthOptions {
  readonly catalogue: Catalogue;
  readonly snapshot: Snapshot;
  inForce(): {
    /** Of the sources, in the configuration's order. */
    health(): readonly SourceHealth[];
    /** Where events are taken from. */
    readonly queues: readonly { readonly name: string; readonly failing: boolean }[];
    /** Who follows the journal. */
    followers(): readonly FollowerHealth[];
    /** What waits to be judged. */
    judging(): { readonly due: number; readonly late: number };
  };
  readonly leadership: { readonly replica: string; readonly leading: boolean; readonly leader: string | undefined };
  readonly freshness: Freshness | undefined;
  readonly version: string;
  /** Whether the service is ending: it still answers, but takes no new work. */
  readonly draining: () => boolean;
  /** Whether the catalogue held something when it was opened. */
  readonly restored: boolean;
}

/** The answer of `GET /readyz`. */
interface Readiness {
  readonly status: "ok" | "starting" | "draining";
  readonly reason: string;
}

/** Judges the service's health. */
export interface ServiceHealth {
  ready(): Readiness;
  report(): HealthDocument;
}

/**
 * Whether dispatchers should be sent here: once there is a catalogue to answer from, restored or from a first scan of each source that
 * is not known to hang, and something could be read. What could not be keeps nothing else out.
 */
function readiness({ inForce, restored, draining }: HealthOptions): Readiness {
  if (draining()) return { status: "draining", reason: "the service is ending" };
  if (restored) return { status: "ok", reason: "the catalogue was restored from the store" };
  const sources = inForce().health();
  const waiting = sources.filter(({ state }) => state === "starting");
  if (waiting.length > 0) {
    return { status: "starting", reason: `not looked at yet: ${waiting.map(progressOf).join(", ")}` };
  }
  const read = sources.some(({ completed, repositories = 0 }) => completed !== undefined || repositories > 0);
  return sources.length === 0 || read
    ? { status: "ok", reason: "every source was looked at" }
    : { status: "starting", reason: `no source could be read yet; ${problemsOf(sources)}` };
}

function progressOf({ name, progress }: SourceHealth): string {
  if (progress === undefined) return name;
  const { repositories, repositoriesRead, tags, tagsRead } = progress;
  return `${name} (${repositoriesRead} of ${repositories} repositories read, ${tagsRead} of ${tags} tags)`;
}

const MAX_NAMED = 10;

/** Which sources are not read completely, and the first of what is unread in each. */
function problemsOf(sources: readonly SourceHealth[]): string {
  const failing = sources.filter(({ state }) => state === "failing");
  const named = failing.slice(0, MAX_NAMED).map(({ name, problem, incomplete = [] }) => {
    const [first = problem?.message] = incomplete;
    const more = incomplete.length > 1 ? `, and ${incomplete.length - 1} more` : "";
    return first === undefined ? name : `${name} (${first}${more})`;
  });
  return `not read completely: ${named.join(", ")}`;
}

export function createHealth(options: HealthOptions): ServiceHealth {
  const { catalogue, snapshot, leadership, freshness, version } = options;
  let beenReady = false;

  const ready = (): Readiness => {
    const now = readiness(options);
    beenReady ||= now.status === "ok";
    // After a change of the configuration the sources are looked at again, while the answers from before still hold.
    if (!beenReady || now.status !== "starting") return now;
    return { status: "ok", reason: `the sources are looked at again; ${now.reason}` };
  };

  return {
    ready,
    report() {
      const { status, reason } = ready();
      const { health, queues: all, judging, followers: following } = options.inForce();
      const sources = health();
      const queues = all.map(({ name, failing }) => ({ name, failing }));
      const failingQueues = queues.filter(({ failing }) => failing).map(({ name }) => name);
      const followers = following();
      const undelivered = followers.filter(({ failing }) => failing).map(({ name }) => name);
      const { verified, broken } = catalogue.seal;
      const age = freshness?.age ?? 0;
      const { replica, leading, leader } = leadership;
      const problems = [
        ...(sources.some(({ state }) => state === "failing") ? [problemsOf(sources)] : []),
        ...(failingQueues.length > 0
          ? [`events cannot be taken from: ${failingQueues.join(", ")}; the log says why`]
          : []),
        ...(undelivered.length > 0
          ? [`the journal cannot be delivered to: ${undelivered.join(", ")}; the log says why`]
          : []),
        ...(broken === undefined ? [] : [broken.message]),
        ...(age > 0 ? [`the store could not be read for ${age} s: answers are as they were then`] : []),
      ];
      const degraded = status === "ok" && problems.length > 0;
      return {
        status: degraded ? "degraded" : status,
        reason: degraded ? problems.join("; ") : reason,
        version,
        executors: snapshot.size,
        journal: { ...catalogue.head, ...(verified && { verified }), ...(broken && { broken }) },
        sources,
        ...(queues.length > 0 && { queues }),
        ...(followers.length > 0 && { followers }),
        judging: judging(),
        ...(freshness && { replica: { name: replica, leading, ...(leader && { leader }), age } }),
      };
    },
  };
}
