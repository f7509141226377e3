import {
  type Clock,
  createResolver,
  type DevelopmentSource,
  type ExecutorDocument,
  ExecutorRegistryError,
  type Logger,
  type Random,
  type Resolution,
  type Resolver,
} from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { liveDocument } from "./live-document.ts";
import type { LiveAnswers, LiveSource } from "../live-source.ts";
import type { SourceHealth } from "../image-source.ts";

/** Which cluster, and what of it. */
export interface ClusterSourceOptions {
  readonly name: string;
  /** What is read, from most to least exact; as the resolver's option `sources`. */
  readonly from: readonly DevelopmentSource[];
  /** Name of the ConfigMap that lists executors. */
  readonly configMap: string;
  readonly ledger: "write" | "read" | "off";
  /** How the repositories of executors are called. */
  readonly template: string;
  /** Which cluster; that which is found as by `connect()` where it does not say. */
  readonly kubernetes: { readonly kubeconfig?: string; readonly context?: string; readonly namespace?: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const LONGEST_PAUSE = 60_000;
/** Milliseconds after which a cluster that was never read is said to be out of reach: readiness does not wait for it any longer. */
const FIRST_READ_MS = 10_000;
/** How often the state of the cluster's parts is asked for; that touches memory only. */
const LOOK = 2000;

/** A cluster's own images, as the development resolver sees them: watched, current at once, never checked. */
export class ClusterSource implements LiveSource {
  readonly name: string;
  readonly #options: ClusterSourceOptions;
  #health: SourceHealth;
  /** Which image was a type's answer last, and since when. */
  readonly #since = new Map<string, { readonly image: string; readonly at: string }>();

  constructor(options: ClusterSourceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#health = { name: options.name, kind: "cluster", state: "starting" };
  }

  get health(): SourceHealth {
    return this.#health;
  }

  async run(answers: LiveAnswers, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let failures = 0; !signal.aborted; failures += 1) {
      let resolver: Resolver | undefined;
      try {
        resolver = this.#open();
        await this.#follow(resolver, answers, signal, () => (failures = 0));
      } catch (error) {
        if (!signal.aborted) this.#failed(problemOf(error));
      } finally {
        await resolver?.close();
      }
      await clock.sleep(backoff(failures, random, LONGEST_PAUSE), signal).catch(() => {});
    }
  }

  #open(): Resolver {
    const { template, kubernetes, from, configMap, ledger, clock, random, log } = this.#options;
    const reading = { template, kubernetes, sources: from, configMap, ledger };
    return createResolver({ environment: "development", ...reading, clock, random, logger: log });
  }

  async #follow(resolver: Resolver, answers: LiveAnswers, signal: AbortSignal, succeeded: () => void): Promise<void> {
    const list = await this.#first(resolver, signal);
    answers.reset(new Map(list.map((resolution) => [resolution.type, this.#document(resolution)])));
    await this.#look(resolver);
    succeeded();
    const ending = new AbortController();
    const looking = this.#keepLooking(resolver, AbortSignal.any([signal, ending.signal]));
    try {
      for await (const { type, resolution } of resolver.watch(undefined, { signal })) {
        answers.set(type, resolution && this.#document(resolution));
      }
    } finally {
      ending.abort();
      await looking;
    }
  }

  async #first(resolver: Resolver, signal: AbortSignal): Promise<readonly Resolution[]> {
    const read = new AbortController();
    const late = async (): Promise<void> => {
      await this.#options.clock.sleep(FIRST_READ_MS, AbortSignal.any([signal, read.signal]));
      const message = `the cluster was not read within ${FIRST_READ_MS / 1000} s; it is still tried`;
      this.#failed({ code: "timeout", message });
    };
    late().catch(() => {});
    try {
      return await resolver.list({ signal });
    } finally {
      read.abort();
    }
  }

  #document(resolution: Resolution): ExecutorDocument {
    const { type, image } = resolution;
    let since = this.#since.get(type);
    if (since?.image !== image) {
      since = { image, at: new Date(this.#options.clock.now()).toISOString() };
      this.#since.set(type, since);
    }
    return liveDocument(resolution, this.name, since.at);
  }

  async #keepLooking(resolver: Resolver, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#options.clock.sleep(LOOK, signal);
        await this.#look(resolver);
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(problemOf(error));
    }
  }

  async #look(resolver: Resolver): Promise<void> {
    const reports = await resolver.sources();
    const lost = reports.filter(({ status }) => status.state !== "ready");
    // What RBAC forbids is left out, as long as something is left.
    const worst =
      lost.find(({ status }) => status.problem?.code !== "forbidden") ??
      (lost.length === reports.length ? lost[0] : undefined);
    if (worst)
      return this.#failed(
        worst.status.problem ?? { code: "unreachable", message: `${worst.name}: ${worst.status.state}` },
      );
    const now = new Date(this.#options.clock.now()).toISOString();
    if (this.#health.state === "failing") this.#options.log.info({ source: this.name }, "the cluster is watched again");
    this.#health = { name: this.name, kind: "cluster", state: "ready", completed: now, attempted: now };
  }

  #failed({ code, message }: Problem): void {
    const { completed, problem } = this.#health;
    if (problem?.message !== message) this.#options.log.warn({ source: this.name, code }, message);
    const attempted = new Date(this.#options.clock.now()).toISOString();
    this.#health = {
      name: this.name,
      kind: "cluster",
      state: "failing",
      ...(completed !== undefined && { completed }),
      attempted,
      problem: { code, message },
    };
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

function problemOf(error: unknown): Problem {
  if (error instanceof ExecutorRegistryError) return error;
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
