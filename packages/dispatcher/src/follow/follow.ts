import { type Clock, type Logger, type Random, silentLogger, systemClock } from "@executor-registry/resolver";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { deleteJob } from "../delete-job.ts";
import { JobNotFoundError } from "../errors.ts";
import { DEFAULT_CONTAINER } from "../job/names.ts";
import { holding, type Job, type Pod, stateOf } from "../kubernetes.ts";
import type { OnLog } from "./container-log.ts";
import { newestWarning } from "./explain.ts";
import { followLogs, type Logs } from "./logs.ts";
import { ENDED } from "./reasons.ts";
import { type Ending, endingOf, type JobResult, resultOf } from "./result.ts";
import { type JobStatus, latestPod, statusOf } from "./status.ts";
import { type JobWatch, watchJob } from "./watch-job.ts";

/** Receives how far the Job is, in words, whenever they change. */
export type OnStatus = (message: string, status: JobStatus) => void;

export interface FollowOptions {
  /** Cancels: the Job is deleted, and the result says `cancelled`. */
  readonly signal?: AbortSignal;
  /** Without it no log is read. */
  readonly onLog?: OnLog;
  readonly onStatus?: OnStatus;
  /**
   * Milliseconds a Job may wait for a pod and a node, and then again for the executor to start, before it is given up
   * and deleted. Pulling a large image counts; a suspended Job and running init containers do not.
   * @default 120_000
   */
  readonly startTimeout?: number;
  /** @default silent */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

/** How long to wait for the pod's side of an end that the Job tells already. */
const SETTLE = 2000;
/** The most to wait for it while contact is lost. */
const SETTLE_MOST = 60_000;

/**
 * Follows a Job to its end, through lost connections and restarts of the API server.
 * @throws JobNotFoundError when there is no such Job
 * @throws KubernetesError when it may not be watched
 */
export async function follow(
  api: KubernetesApi,
  job: { readonly namespace: string; readonly name: string },
  options: FollowOptions = {},
): Promise<JobResult> {
  const stop = new AbortController();
  const run = new Follower(api, job, options, stop.signal);
  try {
    return await run.result();
  } finally {
    stop.abort();
    await run.stopped();
  }
}

class Follower {
  readonly #api: KubernetesApi;
  readonly #namespace: string;
  readonly #name: string;
  readonly #options: FollowOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #watch: JobWatch;
  readonly #signal: AbortSignal;
  #logs: Logs | undefined;
  #told = "";
  #stage = "";
  #stageSince = 0;

  constructor(api: KubernetesApi, job: { namespace: string; name: string }, options: FollowOptions, stop: AbortSignal) {
    const { clock = systemClock, random = Math.random, logger: log = silentLogger, signal } = options;
    this.#api = api;
    this.#namespace = job.namespace;
    this.#name = job.name;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#signal = signal ? AbortSignal.any([signal, stop]) : stop;
    this.#watch = watchJob({ api, ...job, signal: this.#signal, clock, random, log });
  }

  stopped(): Promise<unknown> {
    return this.#watch.stopped;
  }

  async result(): Promise<JobResult> {
    for (;;) {
      const ending = await this.#step();
      if (ending) return await this.#conclude(ending);
    }
  }

  /** Looks at what is known now; without an end in it, waits for more. */
  async #step(): Promise<Ending | undefined> {
    const watch = this.#watch;
    watch.check();
    const job = watch.job();
    if (this.#options.signal?.aborted)
      return this.#remove({ status: "cancelled", reason: "Cancelled", message: "it was cancelled" });
    if (!watch.complete()) return this.#wait(Infinity);
    if (!job) throw new JobNotFoundError(this.#namespace, this.#name);
    const pods = watch.pods();
    const container = containerOf(job);
    this.#readLogs(container);
    if (watch.gone()) return endedBeforeDeletion(job, pods, container) ?? JOB_DELETED;

    const status = statusOf(job, pods, container);
    this.#tell(status);
    if (status.phase === "ended") return this.#ended(container);
    if (status.phase === "running") return this.#wait(Infinity);
    if (status.fatal) return this.#giveUp(status, job);
    return this.#starting(status, job);
  }

  async #starting(status: JobStatus, job: Job): Promise<Ending | undefined> {
    const now = this.#clock.now();
    const stage = `${status.phase} ${status.pod}`;
    // Without contact nobody knows whether it has started meanwhile.
    if (stage !== this.#stage || status.untimed || !this.#watch.inContact()) {
      this.#stage = stage;
      this.#stageSince = now;
    }
    const left = this.#stageSince + (this.#options.startTimeout ?? 120_000) - now;
    return left > 0 ? this.#wait(left) : this.#giveUp(status, job);
  }

  async #giveUp(status: JobStatus, job: Job): Promise<Ending> {
    const pod = latestPod(this.#watch.pods());
    const reason = status.reason ?? (pod ? "NotStarted" : "NoPod");
    const why = status.reason
      ? status.message.replace(/^waiting: /, "")
      : [ENDED[reason], await newestWarning(this.#api, this.#namespace, (pod ?? job).metadata.uid)]
          .filter(Boolean)
          .join(": ");
    return this.#remove({ status: "failed", reason, message: why });
  }

  /** Makes sure that what is given up cannot run later. */
  async #remove(ending: Ending): Promise<Ending> {
    const job = { namespace: this.#namespace, name: this.#name };
    try {
      await deleteJob(this.#api, job, {
        uid: this.#watch.job()?.metadata.uid,
        clock: this.#clock,
        random: this.#random,
      });
      return { ...ending, message: `${ending.message}; the Job is deleted` };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { ...ending, message: `${ending.message}; the Job could not be deleted and may still run: ${why}` };
    }
  }

  /** The Job says it ended; what its pod says may come a moment later. */
  async #ended(container: string): Promise<Ending | undefined> {
    const most = this.#clock.now() + SETTLE_MOST;
    let until = this.#clock.now() + SETTLE;
    while (!this.#signal.aborted && !this.#watch.pods().some((pod) => stateOf(pod, container).terminated)) {
      const now = this.#clock.now();
      // Where the pods are out of sight, their side cannot come.
      if (!this.#watch.inContact()) until = Math.min(now + SETTLE, most);
      if (until <= now) break;
      await this.#watch.change(until - now);
    }
    this.#readLogs(container);
    const job = this.#watch.job();
    return job && endingOf(job, this.#watch.pods(), container);
  }

  async #conclude(ending: Ending): Promise<JobResult> {
    const job = this.#watch.job();
    const readable = ending.status !== "cancelled" && this.#watch.pods().length > 0;
    const logsComplete = readable && ((await this.#logs?.finish()) ?? false);
    return resultOf(ending, {
      namespace: this.#namespace,
      name: this.#name,
      job,
      pods: this.#watch.pods(),
      container: job ? containerOf(job) : "",
      logsComplete,
    });
  }

  async #wait(ms: number): Promise<undefined> {
    const news = this.#watch.change(ms);
    await (this.#logs ? Promise.race([news, this.#logs.failure]) : news);
  }

  #readLogs(container: string): void {
    const { onLog, logger: log = silentLogger } = this.#options;
    if (!onLog) return;
    const common = { api: this.#api, namespace: this.#namespace, container, onLog, signal: this.#signal, log };
    this.#logs ??= followLogs({ ...common, clock: this.#clock, random: this.#random }, this.#clock);
    this.#logs.update(this.#watch.pods());
  }

  #tell(status: JobStatus): void {
    if (status.message === this.#told) return;
    this.#told = status.message;
    this.#options.onStatus?.(status.message, status);
  }
}

const JOB_DELETED: Ending = { status: "failed", reason: "JobDeleted", message: ENDED["JobDeleted"] ?? "" };

/** The end of an executor that ended by itself; one that failed while its Job was being deleted was killed by that. */
function endedBeforeDeletion(job: Job, pods: readonly Pod[], container: string): Ending | undefined {
  const ending = endingOf(job, pods, container);
  const finished = holding(job.status?.conditions, "Complete", "Failed");
  return ending?.status === "failed" && !finished && job.metadata.deletionTimestamp ? undefined : ending;
}

function containerOf({ spec: { template } }: Job): string {
  return template.metadata?.annotations?.[DEFAULT_CONTAINER] ?? template.spec.containers[0]?.name ?? "";
}
