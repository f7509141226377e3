import { type Clock, type Logger, type Random, silentLogger, systemClock } from "@executor-registry/resolver";
import { type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { deleteJob } from "./delete-job.ts";
import { ContactLostError, JobNotFoundError } from "../tools/errors.ts";
import { DEFAULT_CONTAINER } from "../job/names.ts";
import { holding, type Job, type Pod, stateOf } from "../tools/kubernetes.ts";
import type { OnLog } from "./container-log.ts";
import { deadlineAt, type ExecutorEnd, executorEnd, latestPod } from "./executor-end.ts";
import { newestWarning } from "./explain.ts";
import { clusterTime } from "./log-beginning.ts";
import { followLogs, LAST_LINES_MS, type Logs } from "./logs.ts";
import { ENDED } from "./reasons.ts";
import { type Ending, endingOf, type JobResult, resultOf, type EndSignal } from "./result.ts";
import { containers, type JobStatus, statusOf } from "./status.ts";
import { createStatusReporter, type OnStatus } from "./status-reporter.ts";
import { type JobWatch, watchJob } from "./watch-job.ts";

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
  /**
   * Milliseconds the other containers of a pod may run on after the executor's end. Then the result is the executor's, and the
   * Job is deleted; or where `backoffLimit` allows another attempt after a failure, the pod.
   * @default 10_000
   */
  readonly endTimeout?: number;
  /**
   * Milliseconds without contact to the cluster after which following ends with a `ContactLostError`. The Job goes on.
   * @default 900_000
   */
  readonly contactTimeout?: number;
  /** @default silent */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

/** How long to wait for the pod's side of an end that the Job shows already. */
const SETTLE_MS = 2000;
/** The most to wait for it while contact is lost. */
const MAX_SETTLE_MS = 60_000;
/** How long the Job may take to show the end of a pod whose containers have all ended. */
const JOB_LATE_MS = 60_000;
/** The longest that a Job waits before it makes its next pod: ten seconds, doubled with every failure. */
const MAX_RETRY_MS = 600_000;
const START_TIMEOUT_MS = 120_000;
/** A pod's grace period, and a Job's `backoffLimit`, where the server has filled in none. */
const DEFAULTS = { terminationGracePeriodSeconds: 30, backoffLimit: 6 } as const;

/**
 * Follows a Job to its end, through lost connections and restarts of the API server.
 * @throws JobNotFoundError when there is no such Job
 * @throws ContactLostError when the cluster is out of reach for longer than `contactTimeout`
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
  readonly #report: ReturnType<typeof createStatusReporter>;
  #stage = "";
  #stageSince = 0;
  readonly #contactTimeout: number;
  #lastContact: number;

  constructor(api: KubernetesApi, job: { namespace: string; name: string }, options: FollowOptions, stop: AbortSignal) {
    const { clock = systemClock, random = Math.random, logger: log = silentLogger, signal } = options;
    this.#api = api;
    this.#namespace = job.namespace;
    this.#name = job.name;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#contactTimeout = options.contactTimeout ?? 900_000;
    this.#lastContact = clock.now();
    this.#signal = signal ? AbortSignal.any([signal, stop]) : stop;
    this.#watch = watchJob({ api, ...job, signal: this.#signal, clock, random, log });
    this.#report = createStatusReporter(options.onStatus, this.#watch.deleted);
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
    this.#checkContact();
    if (!watch.complete()) return this.#wait(Infinity);
    if (!job) throw new JobNotFoundError(this.#namespace, this.#name);
    const pods = watch.pods();
    const container = containerOf(job);
    this.#readLogs(container);
    if (watch.gone()) return endedBeforeDeletion(job, pods, container) ?? JOB_DELETED;

    const status = statusOf(job, pods, container);
    this.#report(status, pods);
    if (status.phase === "ended") return this.#ended(container);
    const end = executorEnd(job, pods, container);
    const over = end?.byItself && (end.terminated.exitCode === 0 || end.pod === latestPod(pods));
    if (end && over) return this.#ending(end, job, container);
    const endSignal = this.#endSignal(job, latestPod(pods), end);
    if (endSignal) return this.#overdue(endSignal, job, container);
    if (status.phase === "running") {
      // Started again after this, it has its time again.
      this.#stage = "";
      return this.#wait(this.#untilDeadline(job));
    }
    if (status.fatal) return this.#giveUp(status, job);
    return this.#starting(status, job);
  }

  async #starting(status: JobStatus, job: Job): Promise<Ending | undefined> {
    const left = this.#left(
      `${status.phase} ${status.pod}`,
      this.#options.startTimeout ?? START_TIMEOUT_MS,
      status.untimed,
    );
    return left > 0 ? this.#wait(left) : this.#giveUp(status, job);
  }

  /** Milliseconds left of those that a stage may take since it began. */
  #left(stage: string, ms: number, untimed = false): number {
    const now = this.#clock.now();
    // Without contact it is not known what has happened meanwhile.
    if (stage !== this.#stage || untimed || !this.#watch.inContact()) {
      this.#stage = stage;
      this.#stageSince = now;
    }
    return this.#stageSince + ms - now;
  }

  /** The executor has ended, its Job has not: other containers may run on, for which no Job ever ends. */
  async #ending(end: ExecutorEnd, job: Job, container: string): Promise<Ending | undefined> {
    const { pod, others, terminated } = end;
    const stage = `ending ${pod.metadata.uid}`;
    const { terminationGracePeriodSeconds: grace = DEFAULTS.terminationGracePeriodSeconds } = pod.spec;
    const deleted = pod.metadata.deletionTimestamp !== undefined;
    const again = terminated.exitCode !== 0 && this.#retries(job, container);
    if (others.length > 0 && !deleted) {
      const endTimeout = this.#options.endTimeout ?? 10_000;
      const left = this.#left(stage, endTimeout);
      if (left > 0) return this.#wait(left);
      const refusal = again ? await this.#replace(pod) : undefined;
      if (again && refusal === undefined) return this.#wait(Infinity);
      const why = `${containers(others)} of its pod had not ended ${endTimeout / 1000} s later`;
      return this.#endWith(job, container, [why, refusal].filter(Boolean).join("; "), others);
    }
    // Another attempt after a success, because another container failed, would be one too many.
    const failedBeside = terminated.exitCode === 0 && pod.status?.phase === "Failed";
    if (failedBeside && this.#retries(job, container))
      return this.#endWith(job, container, "another container failed", []);
    // A Job ends, or makes its next pod, soon after its pod; native sidecars have the grace period to end.
    const late = grace * 1000 + JOB_LATE_MS + (again ? MAX_RETRY_MS : 0);
    const left = this.#left(`${stage} ended`, late);
    if (left > 0) return this.#wait(left);
    if (again) return this.#endWith(job, container, `the cluster did not try again for ${late / 1000} s`, []);
    return endingOf(job, this.#watch.pods(), container);
  }

  /** Milliseconds until the Job's deadline, by the cluster's clock. */
  #untilDeadline(job: Job): number {
    return (deadlineAt(job) ?? Infinity) - clusterTime(this.#api, this.#clock.now());
  }

  /** What ends the executor while its Job does not say so. A suspended Job's pods are deleted, and it waits to be resumed. */
  #endSignal(job: Job, pod: Pod | undefined, end: ExecutorEnd | undefined): EndSignal | undefined {
    if (!pod || job.spec.suspend) return undefined;
    if (this.#untilDeadline(job) <= 0) return "DeadlineExceeded";
    return this.#watch.deleted(pod) || end?.pod === pod ? "PodDeleted" : undefined;
  }

  /** A Job ends, goes, or makes its next pod soon after its pod was asked to end, unless nothing in the cluster sees to it. */
  async #overdue(endSignal: EndSignal, job: Job, container: string): Promise<Ending | undefined> {
    const pods = this.#watch.pods();
    const pod = latestPod(pods);
    const { terminationGracePeriodSeconds: grace = DEFAULTS.terminationGracePeriodSeconds } = pod?.spec ?? {};
    const retry = endSignal === "PodDeleted" && this.#retries(job, container) ? MAX_RETRY_MS : 0;
    const late = grace * 1000 + Math.max(JOB_LATE_MS, this.#options.startTimeout ?? START_TIMEOUT_MS) + retry;
    const left = this.#left(`${endSignal} ${pod?.metadata.uid}`, late);
    if (left > 0) return this.#wait(left);
    if (job.metadata.deletionTimestamp) return endedBeforeDeletion(job, pods, container) ?? JOB_DELETED;
    const warning = await newestWarning(this.#api, this.#namespace, job.metadata.uid);
    const why = `the cluster has not ended its Job ${late / 1000} s later${warning ? ` (${warning})` : ""}`;
    return this.#endWith(job, container, why, [], endSignal);
  }

  /** Whether the Job would have another attempt after the one that ended last. */
  #retries(job: Job, container: string): boolean {
    const { backoffLimit = DEFAULTS.backoffLimit } = job.spec;
    const ended = this.#watch.pods().filter((pod) => stateOf(pod, container).terminated).length;
    return Math.max(ended, (job.status?.failed ?? 0) + 1) <= backoffLimit;
  }

  /** Ends a pod, for its Job to make the next one. Resolves to why it cannot. */
  async #replace({ metadata: { name, uid } }: Pod): Promise<string | undefined> {
    try {
      await this.#api.request(`/api/v1/namespaces/${this.#namespace}/pods/${name}`, {
        method: "DELETE",
        body: { preconditions: { uid } },
        timeout: 10_000,
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.code === "not-found" || error.code === "conflict") return undefined;
      return `it is not tried again, since its pod could not be deleted: ${error.message}`;
    }
  }

  async #endWith(
    job: Job,
    container: string,
    why: string,
    others: readonly string[],
    endSignal?: EndSignal,
  ): Promise<Ending | undefined> {
    const ending = endingOf(job, this.#watch.pods(), container, endSignal);
    // With the Job its pod goes, and the log with it.
    await this.#logs?.finish(this.#timeForLogs(container));
    if (!ending) return undefined;
    const { message } = ending;
    const left = others.length > 0 ? { leftRunning: others } : {};
    return this.#remove({ ...ending, ...left, message: `${message}; ${why}` });
  }

  #hasContact(): boolean {
    return this.#watch.complete() && this.#watch.inContact();
  }

  #checkContact(): void {
    if (this.#hasContact() || this.#clock.now() - this.#lastContact < this.#contactTimeout) return;
    throw new ContactLostError(this.#namespace, this.#name, this.#contactTimeout, this.#watch.problem());
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
    const most = this.#clock.now() + MAX_SETTLE_MS;
    let until = this.#clock.now() + SETTLE_MS;
    while (!this.#signal.aborted && !this.#endIsSeen(container)) {
      const now = this.#clock.now();
      // Where the pods are out of sight, their side cannot come.
      if (!this.#watch.inContact()) until = Math.min(now + SETTLE_MS, most);
      if (until <= now) break;
      await this.#watch.change(until - now);
    }
    this.#readLogs(container);
    const job = this.#watch.job();
    return job && endingOf(job, this.#watch.pods(), container);
  }

  /** Whether the pods that the Job's end is about have been seen to end. */
  #endIsSeen(container: string): boolean {
    const { conditions, failed = 0 } = this.#watch.job()?.status ?? {};
    const ends = this.#watch.pods().flatMap((pod) => stateOf(pod, container).terminated ?? []);
    return holding(conditions, "Complete")
      ? ends.some(({ exitCode }) => exitCode === 0)
      : ends.length >= Math.max(1, failed);
  }

  async #conclude(ending: Ending): Promise<JobResult> {
    const job = this.#watch.job();
    const readable = ending.status !== "cancelled" && this.#watch.pods().length > 0;
    const logsDoubt =
      readable && this.#logs
        ? ((await this.#logs.finish(this.#timeForLogs(job ? containerOf(job) : ""))) ?? this.#unseen(job))
        : undefined;
    const logsComplete = readable && this.#logs !== undefined && logsDoubt === undefined;
    return resultOf(ending, {
      namespace: this.#namespace,
      name: this.#name,
      job,
      pods: this.#watch.pods(),
      container: job ? containerOf(job) : "",
      logsComplete,
      logsDoubt,
    });
  }

  /** The log of an executor that has ended has an end. */
  #timeForLogs(container: string): number | undefined {
    const pod = latestPod(this.#watch.pods());
    if (!pod || stateOf(pod, container).terminated) return undefined;
    return (pod.spec.terminationGracePeriodSeconds ?? DEFAULTS.terminationGracePeriodSeconds) * 1000 + LAST_LINES_MS;
  }

  /** A pod that was gone before it was seen had a log too. */
  #unseen(job: Job | undefined): string | undefined {
    const { failed = 0, succeeded = 0 } = job?.status ?? {};
    const seen = this.#watch.pods().length;
    return failed + succeeded > seen ? `of ${failed + succeeded} pods only ${seen} could be seen` : undefined;
  }

  async #wait(ms: number): Promise<undefined> {
    const contact = this.#hasContact();
    const left = contact ? Infinity : this.#lastContact + this.#contactTimeout - this.#clock.now();
    const news = this.#watch.change(Math.min(ms, left));
    await (this.#logs ? Promise.race([news, this.#logs.failure]) : news);
    // There was contact for as long as this waited.
    if (contact) this.#lastContact = this.#clock.now();
  }

  #readLogs(container: string): void {
    const { onLog, logger: log = silentLogger } = this.#options;
    if (!onLog) return;
    const common = { api: this.#api, namespace: this.#namespace, container, onLog, signal: this.#signal, log };
    this.#logs ??= followLogs({ ...common, clock: this.#clock, random: this.#random }, this.#clock);
    this.#logs.update(this.#watch.pods());
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
