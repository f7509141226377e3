import {
  type Clock,
  createResolver,
  type Logger,
  type Random,
  type Resolution,
  type Resolver,
} from "@executor-registry/resolver";
import { connect, type ConnectOptions, type KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { deleteJob } from "./follow/delete-job.ts";
import { follow, type FollowOptions } from "./follow/follow.ts";
import type { JobResult } from "./follow/result.ts";
import { jobFor } from "./job/job.ts";
import type { JobRequest } from "./job/request.ts";
import { submit } from "./submit.ts";

export interface DispatcherOptions {
  /** The cluster, or which one. @default found as `connect()` does */
  readonly kubernetes?: KubernetesApi | ConnectOptions;
  /** @default one of its own for the same cluster, closed with the dispatcher */
  readonly resolver?: Resolver;
  /** @default silent */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

type FollowedWith = "signal" | "onLog" | "onStatus" | "startTimeout" | "endTimeout" | "contactTimeout";

export interface RunOptions extends Pick<FollowOptions, FollowedWith> {
  /** What the resolution is made for: a run id or tenant, so that one subject always sees one version. */
  readonly subject?: string;
}

/** What ran, and how it ended. */
export interface Run {
  readonly resolution: Resolution;
  readonly result: JobResult;
}

/** Runs executors by their type. */
export interface Dispatcher {
  /**
   * Resolves a type, runs its image as a Job and follows it to its end. A failed Job is a result, not an exception.
   * A request whose Job exists already is followed, whatever the type resolves to by now.
   * @throws InvalidRequestError, RequestConflictError, the errors of `resolve`, KubernetesError, ContactLostError; the signal's
   * reason when it aborts before the Job is there
   */
  run(type: string, request: JobRequest, options?: RunOptions): Promise<Run>;
  /** Ends the connections it made. Jobs go on. */
  close(): Promise<void>;
}

/** Makes a dispatcher. It begins to connect at once. */
export function createDispatcher(options: DispatcherOptions = {}): Dispatcher {
  const { kubernetes = {}, logger, clock, random } = options;
  const given = "request" in kubernetes ? kubernetes : undefined;
  const connecting = given ? Promise.resolve(given) : connect(kubernetes);
  connecting.catch(() => {});
  const common = { ...(logger ? { logger } : {}), ...(clock ? { clock } : {}), ...(random ? { random } : {}) };
  const resolver = options.resolver ?? createResolver({ kubernetes, ...common });

  return {
    async run(type, request, { subject, ...runOptions } = {}) {
      const { signal } = runOptions;
      const api = await connecting;
      const asked = { ...(subject === undefined ? {} : { subject }), ...(signal ? { signal } : {}) };
      const resolution = await resolver.resolve(type, asked);
      const manifest = jobFor(resolution, request);
      const namespace = manifest.metadata.namespace ?? api.namespace;
      const { name } = manifest.metadata;
      const job = await submit(api, manifest, { ...common, ...(signal ? { signal } : {}) }).catch(
        async (error: unknown) => {
          // Whether an attempt without an answer made the Job is not known; cancelled means that it must not run.
          if (signal?.aborted) await deleteJob(api, { namespace, name }, common);
          throw error;
        },
      );
      return { resolution, result: await follow(api, job, { ...common, ...runOptions }) };
    },
    async close() {
      if (!options.resolver) await resolver.close();
      if (!given) (await connecting.catch(() => undefined))?.close();
    },
  };
}
