import type { Clock, ExecutorRegistryError, Logger, Random } from "@executor-registry/resolver";
import { reflect, type ReflectionHandler } from "@executor-registry/resolver/internal";
import { type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import type { Job, Pod } from "../tools/kubernetes.ts";
import { parseJob, parsePod } from "../tools/parse-kubernetes.ts";

/** What is watched, and with what. */
export interface WatchJobOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A Job and its pods as last seen. */
export interface JobWatch {
  /** The Job; also its last state when it is `gone`. */
  job(): Job | undefined;
  /** Its pods, those deleted since included, as last seen. */
  pods(): readonly Pod[];
  /** Whether a pod of it was seen to go away. */
  deleted(pod: Pod): boolean;
  /** Whether both collections have been seen completely. */
  complete(): boolean;
  /** Whether the Job was deleted. Also true when it never was there. */
  gone(): boolean;
  /** Whether both collections are followed right now. */
  inContact(): boolean;
  /** Why not. */
  problem(): ExecutorRegistryError | undefined;
  /** @throws KubernetesError when the server refused before anything was seen: that does not pass by itself */
  check(): void;
  /** Resolves at the next change, after `ms`, or when the signal aborts. */
  change(ms: number): Promise<void>;
  /** Resolves when all has ended after the signal's abort. */
  readonly stopped: Promise<unknown>;
}

/** Watches one Job by its name and its pods by their label, across lost connections and restarts of the API server. */
export function watchJob(options: WatchJobOptions): JobWatch {
  const { api, namespace, name, signal, clock, random, log } = options;
  const notice = createNotice(clock, signal);
  let job: Job | undefined;
  let gone = false;
  const pods = new Map<string, Pod>();

  const jobs = collection((object, present) => {
    const seen = parseJob(object);
    // A Job of the same name made after this one was deleted is another one.
    const same = seen && seen.metadata.uid === (job ?? seen).metadata.uid;
    if (same) job = seen;
    gone ||= !same || !present;
  }, notice.notify);
  const present = new Set<string>();
  const podList = collection((object, there) => {
    const seen = parsePod(object);
    if (!seen) return;
    pods.set(seen.metadata.uid, withFirstDeletion(seen, pods.get(seen.metadata.uid)));
    if (there) present.add(seen.metadata.uid);
    else present.delete(seen.metadata.uid);
  }, notice.notify);
  const listPods: ReflectionHandler = {
    ...podList.handler,
    begin() {
      podList.handler.begin();
      present.clear();
    },
  };

  const common = { api, signal, clock, random, log };
  const stopped = Promise.all([
    reflect({
      ...common,
      path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
      query: { fieldSelector: `metadata.name=${name}` },
      handler: jobs.handler,
    }),
    reflect({
      ...common,
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { labelSelector: `job-name=${name}` },
      handler: listPods,
    }),
  ]);
  return {
    job: () => job,
    pods: () =>
      [...pods.values()].filter(({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === job?.metadata.uid),
      ),
    deleted: ({ metadata }) => !present.has(metadata.uid) || metadata.deletionTimestamp !== undefined,
    complete: () => jobs.complete() && podList.complete(),
    gone: () => gone,
    inContact: () => jobs.problem() === undefined && podList.problem() === undefined,
    problem: () => jobs.problem() ?? podList.problem(),
    check() {
      for (const { complete, problem } of [jobs, podList]) {
        const error = problem();
        if (!complete() && error && !error.retryable) throw error;
        if (!complete() && (error?.code === "forbidden" || error?.code === "unauthorized")) throw error;
      }
    },
    change: notice.wait,
    stopped,
  };
}

/** A kubelet shortens the grace period at the end, which hides when the deletion was asked for. */
function withFirstDeletion(pod: Pod, before: Pod | undefined): Pod {
  const { deletionTimestamp, deletionGracePeriodSeconds } = before?.metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return pod;
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } };
}

interface Collection {
  readonly handler: ReflectionHandler;
  complete(): boolean;
  problem(): ExecutorRegistryError | undefined;
}

/** @param see gets each object as it comes, `present` or deleted; nothing after a list that held none */
function collection(see: (object: unknown, present: boolean) => void, changed: () => void): Collection {
  let complete = false;
  let listed = 0;
  let problem: ExecutorRegistryError | undefined;
  const handler: ReflectionHandler = {
    begin() {
      listed = 0;
    },
    upsert(object) {
      listed += 1;
      see(object, true);
      changed();
    },
    remove(object) {
      see(object, false);
      changed();
    },
    synced() {
      if (listed === 0) see(undefined, false);
      complete = true;
      changed();
    },
    contact(error) {
      problem = error;
      changed();
    },
  };
  return { handler, complete: () => complete, problem: () => problem };
}

/** Lets one waiter sleep until something happened since it last woke. */
function createNotice(clock: Clock, signal: AbortSignal): { notify(): void; wait(ms: number): Promise<void> } {
  let reported = false;
  let wake = (): void => {};
  return {
    notify() {
      reported = true;
      wake();
    },
    async wait(ms) {
      if (!reported) {
        const over = new AbortController();
        const happened = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const stop = AbortSignal.any([signal, over.signal]);
        const timer = clock.sleep(Math.min(ms, MAX_SLEEP_MS), stop).catch(() => {});
        await Promise.race([happened, timer]);
        over.abort();
      }
      reported = false;
    },
  };
}

/** Longer timers overflow. */
const MAX_SLEEP_MS = 2 ** 31 - 1;
